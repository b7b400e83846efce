#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

#include "bfloat16_variants.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), apply_to = function)

#define GROUP 1
#include "bfloat16_pack.h"

/// A tile of C has 14 rows and two vectors of columns. Its 28 sums, two vectors of B and one number of A occupy 31 of the 32
/// registers.
enum { TILE = 14 };
/// The number of pairs of a panel that are multiplied at once. They occupy 96 KiB, which mostly stay in the second-level cache.
enum { DEPTH = 768 };
/// The number of tiles that are multiplied with one panel before the next one. Their rows of A stay in the second-level cache.
enum { BLOCK = 16 };

/// Packs the pairs along the rows of x.
static void pack_rows(uint32_t *out, const float *x, size_t rows, size_t depth, size_t stride) {
  const size_t pairs = pairs_of(depth);
  for (size_t row = 0; row < rows; row++, x += stride, out += pairs)
    for (size_t i = 0; i < depth; i += 2 * LANES)
      _mm512_mask_storeu_epi32(out + i / 2, first(pairs - i / 2), rounded(x + i, depth - i));
}

static void pack_left(void *out, const float *a, size_t rows, size_t depth, size_t stride, int transposed) {
  if (transposed)
    pack_columns(out, a, rows, depth, stride, TILE);
  else
    pack_rows(out, a, rows, depth, stride);
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
  const size_t pairs = pairs_of(depth), step = transposed ? TILE : 1;
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

const distill_bfloat16_kernels distill_bfloat16_avx512 = {
    .name = "avx512", .tile = TILE, .panel = PANEL, .group = GROUP,
    .pack_left = pack_left, .pack_right = pack_right, .product = product};

#endif
