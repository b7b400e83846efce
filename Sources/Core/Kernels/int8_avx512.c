#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "distill_int8.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// A tile of C has 14 rows and two vectors of columns. Its 28 sums, two vectors of W and one word of X occupy 31 of the 32 registers.
enum { TILE = 14, LANES = 16, PANEL = DISTILL_INT8_PANEL };
/// The number of tiles that are multiplied with one panel before the next one. Their codes stay in the second-level cache.
enum { BLOCK = 16 };

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }
INLINE __mmask16 first(size_t k) { return k < LANES ? (__mmask16)((1u << k) - 1) : 0xffff; }

/// Returns some columns of a row of X, multiplied by their factors, and `other` where there are none.
INLINE __m512 load(__m512 other, __mmask16 columns, const float *x, const float *factors, size_t i) {
  const __m512 some = _mm512_mask_loadu_ps(other, columns, x + i);
  return factors ? _mm512_mask_mul_ps(other, columns, some, _mm512_maskz_loadu_ps(columns, factors + i)) : some;
}

static void quantise(
    uint8_t *codes, float *scales, float *minima, const float *x, size_t rows, size_t depth, size_t stride,
    const float *factors) {
  const size_t width = distill_int8_width(depth);
  for (size_t row = 0; row < rows; row++, x += stride, codes += width) {
    const __m512 start = _mm512_set1_ps(depth == 0 ? 0 : factors ? x[0] * factors[0] : x[0]);
    __m512 low = start, high = start;
    __mmask16 wrong = 0;
    for (size_t i = 0; i < depth; i += LANES) {
      const __m512 some = load(start, first(depth - i), x, factors, i);
      low = _mm512_min_ps(low, some);
      high = _mm512_max_ps(high, some);
      wrong |= _mm512_fpclass_ps_mask(some, 0x99);  // not a number, or infinite
    }
    const float minimum = _mm512_reduce_min_ps(low), span = _mm512_reduce_max_ps(high) - minimum;
    const float factor = 255 / span;
    const int is_finite = wrong == 0;
    scales[row] = is_finite ? span / 255 : NAN;
    minima[row] = minimum;
    if (!is_finite || !isfinite(factor)) {
      memset(codes, 0, width);
      continue;
    }
    const __m512 least = _mm512_set1_ps(minimum), steps = _mm512_set1_ps(factor);
    for (size_t i = 0; i < width; i += LANES) {
      const __mmask16 here = i < depth ? first(depth - i) : 0;
      const __m512 some = load(least, here, x, factors, i);
      const __m512i code = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(some, least), steps));
      _mm_storeu_si128((__m128i *)(codes + i), _mm512_cvtusepi32_epi8(code));
    }
  }
}

/// Calculates a tile of C. `rows` is a compile-time constant at every call, so that the sums stay in registers.
INLINE void tile(
    const size_t rows, float *c, size_t stride, const __mmask16 columns[2], const uint8_t *codes, const float *scales,
    const float *minima, const char *panel, size_t width) {
  __m512i sums[TILE][2];
  UNROLLED for (size_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_si512();
  const char *w = panel;
  for (size_t i = 0; i < width; i += 4, w += 4 * PANEL) {
    const __m512i left = _mm512_loadu_si512(w), right = _mm512_loadu_si512(w + 4 * LANES);
    UNROLLED for (size_t r = 0; r < rows; r++) {
      int32_t word;
      memcpy(&word, codes + r * width + i, sizeof word);
      const __m512i x = _mm512_set1_epi32(word);
      sums[r][0] = _mm512_dpbusd_epi32(sums[r][0], x, left);
      sums[r][1] = _mm512_dpbusd_epi32(sums[r][1], x, right);
    }
  }
  const float *const factors = (const float *)w;
  UNROLLED for (size_t half = 0; half < 2; half++) {
    const __m512 scale = _mm512_loadu_ps(factors + half * LANES);
    const __m512 sum = _mm512_loadu_ps(factors + PANEL + half * LANES);
    UNROLLED for (size_t r = 0; r < rows; r++) {
      const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][half]), _mm512_set1_ps(scales[r]));
      const __m512 added = _mm512_mul_ps(_mm512_set1_ps(minima[r]), sum);
      _mm512_mask_storeu_ps(c + r * stride + half * LANES, columns[half], _mm512_fmadd_ps(product, scale, added));
    }
  }
}

/// Calls `tile` with the constant that equals `rows`.
static void some_rows(
    size_t rows, float *c, size_t stride, const __mmask16 columns[2], const uint8_t *codes, const float *scales,
    const float *minima, const char *panel, size_t width) {
#define CASE(n)                                                                                                        \
  case n: tile(n, c, stride, columns, codes, scales, minima, panel, width); return;
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
  }
}

static void product(
    float *c, const uint8_t *codes, const float *scales, const float *minima, const void *panels, size_t rows,
    size_t columns, size_t depth, size_t stride) {
  const size_t width = distill_int8_width(depth);
  for (size_t block = 0; block < rows; block += BLOCK * TILE)
    for (size_t column = 0; column < columns; column += PANEL) {
      const size_t left = columns - column;
      const __mmask16 masks[2] = {first(left), left > LANES ? first(left - LANES) : 0};
      const char *const panel = (const char *)panels + column / PANEL * distill_int8_panel_size(depth);
      for (size_t row = block; row < least(rows, block + BLOCK * TILE); row += TILE)
        some_rows(
            least(TILE, rows - row), c + row * stride + column, stride, masks, codes + row * width, scales + row,
            minima + row, panel, width);
    }
}

#pragma clang attribute pop

const distill_int8_kernels distill_int8_avx512 = {
    .name = "avx512", .tile = TILE, .quantise = quantise, .product = product};

#endif
