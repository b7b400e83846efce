#include "distill_bfloat16.h"

#include "variants.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// A tile of C has 14 rows and two vectors of columns. Its 28 sums, two vectors of B and one number of A occupy 31 of the 32
/// registers.
enum { LANES = 16, TILE = 14, PANEL = 2 * LANES };
/// The number of pairs of a panel that are multiplied at once. They occupy 96 KiB, which mostly stay in the second-level cache.
enum { DEPTH = 768 };
/// The number of tiles that are multiplied with one panel before the next one. Their rows of A stay in the second-level cache.
enum { BLOCK = 16 };

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }
INLINE __mmask16 first(size_t k) { return k < LANES ? (__mmask16)((1u << k) - 1) : 0xffff; }
INLINE __m512 load_first(const float *x, size_t k) { return _mm512_maskz_loadu_ps(first(k), x); }

/// Returns the first k of 32 numbers, rounded to bfloat16 and in the same order. The others are zero.
INLINE __m512i rounded(const float *x, size_t k) {
  return (__m512i)_mm512_cvtne2ps_pbh(
      k > LANES ? load_first(x + LANES, k - LANES) : _mm512_setzero_ps(), load_first(x, k));
}

/// Packs the pairs along the rows of x.
static void pack_rows(uint32_t *out, const float *x, size_t rows, size_t depth, size_t stride) {
  const size_t pairs = (depth + 1) / 2;
  for (size_t row = 0; row < rows; row++, x += stride, out += pairs)
    for (size_t i = 0; i < depth; i += 2 * LANES)
      _mm512_mask_storeu_epi32(out + i / 2, first(pairs - i / 2), rounded(x + i, depth - i));
}

/// Packs the pairs along the columns of x in strips of `width` columns. The last strip is filled up with zeros.
static void pack_columns(
    uint32_t *out, const float *x, size_t columns, size_t depth, size_t stride, size_t width) {
  static const uint16_t order[2 * LANES] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                            8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i alternate = _mm512_loadu_si512(order);
  // Only a few pairs of rows are packed at a time, so that the cache lines that two strips share are still cached for the second.
  const size_t pairs = (depth + 1) / 2, few = 4;
  for (size_t start = 0; start < pairs; start += few)
    for (size_t column = 0; column < columns; column += width)
      for (size_t p = start; p < least(start + few, pairs); p++)
        for (size_t i = 0; i < width; i += LANES) {
          const size_t k = column + i < columns ? least(columns - column - i, width - i) : 0;
          const float *const row = x + 2 * p * stride + column + i;
          const __m512 even = load_first(row, k);
          const __m512 odd = 2 * p + 1 < depth ? load_first(row + stride, k) : _mm512_setzero_ps();
          const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
          _mm512_mask_storeu_epi32(
              out + column * pairs + p * width + i, first(width - i), _mm512_permutexvar_epi16(alternate, both));
        }
}

/// Transposes a block of 16 × 16 numbers of 32 bits in place.
INLINE void transpose(__m512i rows[LANES]) {
  __m512i t[LANES];
  UNROLLED for (int i = 0; i < LANES; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  UNROLLED for (int i = 0; i < LANES; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLLED for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0xdd);
    t[i + 12] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0xdd);
  }
  UNROLLED for (int i = 0; i < 4; i++) {
    rows[i] = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x88);
    rows[i + 4] = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xdd);
    rows[i + 12] = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xdd);
  }
}

/// Packs the pairs along the rows of x, which become the columns of panels. The last panel is filled up with zeros.
static void pack_transposed(uint32_t *out, const float *x, size_t rows, size_t depth, size_t stride) {
  const size_t pairs = (depth + 1) / 2;
  for (size_t row = 0; row < (rows + PANEL - 1) / PANEL * PANEL; row += LANES) {
    uint32_t *const column = out + row / PANEL * PANEL * pairs + row % PANEL;
    for (size_t i = 0; i < depth; i += 2 * LANES) {
      __m512i block[LANES];
      UNROLLED for (size_t r = 0; r < LANES; r++)
        block[r] = rounded(x + (row + r) * stride + i, row + r < rows ? depth - i : 0);
      transpose(block);
      UNROLLED for (size_t p = 0; p < LANES; p++)
        if (i / 2 + p < pairs) _mm512_storeu_si512(column + (i / 2 + p) * PANEL, block[p]);
    }
  }
}

static void pack_left(void *out, const float *a, size_t rows, size_t depth, size_t stride, int transposed) {
  if (transposed)
    pack_columns(out, a, rows, depth, stride, TILE);
  else
    pack_rows(out, a, rows, depth, stride);
}

static void pack_right(void *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed) {
  if (transposed)
    pack_transposed(out, b, columns, depth, stride);
  else
    pack_columns(out, b, columns, depth, stride, PANEL);
}

/// The position of a tile of C, and a mask of the columns of it that exist.
typedef struct {
  float *c;
  size_t stride;
  float beta;
  __mmask16 columns[2];
} target;

/// Calculates a tile of C. `rows` is a compile-time constant at every call, so that the sums stay in registers. In A the
/// distance from row to row is `row`, and from pair to pair `step`.
INLINE void tile(
    const size_t rows, target to, const uint32_t *a, size_t row, size_t step, const uint32_t *b, size_t pairs) {
  __m512 sums[TILE][2];
  UNROLLED for (size_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (size_t p = 0; p < pairs; p++, a += step, b += PANEL) {
    const __m512bh left = (__m512bh)_mm512_loadu_si512(b), right = (__m512bh)_mm512_loadu_si512(b + LANES);
    UNROLLED for (size_t r = 0; r < rows; r++) {
      const __m512bh x = (__m512bh)_mm512_set1_epi32((int)a[r * row]);
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, left);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, right);
    }
  }
  UNROLLED for (size_t r = 0; r < rows; r++) UNROLLED for (size_t half = 0; half < 2; half++) {
    float *const c = to.c + r * to.stride + half * LANES;
    if (to.beta != 0)
      sums[r][half] = _mm512_fmadd_ps(
          _mm512_maskz_loadu_ps(to.columns[half], c), _mm512_set1_ps(to.beta), sums[r][half]);
    _mm512_mask_storeu_ps(c, to.columns[half], sums[r][half]);
  }
}

/// Calls `tile` with the constant that equals `rows`.
static void some_rows(
    size_t rows, target to, const uint32_t *a, size_t row, size_t step, const uint32_t *b, size_t pairs) {
#define CASE(n)                                                                                                        \
  case n: tile(n, to, a, row, step, b, pairs); return;
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
  }
}

static void product(
    float *c, const void *packed_a, const void *packed_b, size_t rows, size_t columns, size_t depth, size_t stride,
    int transposed, float beta) {
  const uint32_t *const a = packed_a, *const b = packed_b;
  const size_t pairs = (depth + 1) / 2, step = transposed ? TILE : 1;
  for (size_t block = 0; block < rows; block += BLOCK * TILE) {
    size_t p = 0;
    do  // at least once: without any pairs beta · C must still be written
      for (size_t column = 0; column < columns; column += PANEL) {
        const size_t left = columns - column;
        for (size_t row = block; row < least(rows, block + BLOCK * TILE); row += TILE) {
          const target to = {
              .c = c + row * stride + column,
              .stride = stride,
              .beta = p == 0 ? beta : 1,
              .columns = {first(left), left > LANES ? first(left - LANES) : 0}};
          some_rows(
              least(TILE, rows - row), to, a + row * pairs + p * step, transposed ? 1 : pairs, step,
              b + column * pairs + p * PANEL, least(DEPTH, pairs - p));
        }
      }
    while ((p += DEPTH) < pairs);
  }
}

#pragma clang attribute pop

static const distill_bfloat16_kernels avx512 = {
    .tile = TILE, .panel = PANEL, .pack_left = pack_left, .pack_right = pack_right, .product = product};

#endif

// These kernels belong to AVX-512, so that DISTILL_ISA=avx2 excludes them, too.
const distill_bfloat16_kernels *distill_bfloat16_best(void) {
#if defined(__x86_64__)
  const distill_kernels *const chosen = distill_kernels_best();
  __builtin_cpu_init();
  if (chosen == &distill_kernels_avx512 && __builtin_cpu_supports("avx512bf16")) return &avx512;
#endif
  return NULL;
}
