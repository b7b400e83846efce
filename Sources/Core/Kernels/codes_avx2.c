#if defined(__x86_64__)

#include <immintrin.h>

#include "distill_codes.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// Four products each of 32 pairs of bytes. The instruction multiplies unsigned bytes by signed ones and saturates at 16 bits, so that
/// it gets the absolute value of x, and y with the sign of x: at most 2 · 128 · 127.
static inline __m256i four_products(__m256i x, __m256i y) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(y, x)), _mm256_set1_epi16(1));
}

static inline __m256i load(const void *bytes) { return _mm256_loadu_si256(bytes); }

static int32_t product(const uint8_t *row, const int8_t *query, size_t stride) {
  const __m256i zero = _mm256_set1_epi8(-128);
  __m256i a = _mm256_setzero_si256(), b = a;
  for (size_t i = 0; i < stride; i += 64) {
    a = _mm256_add_epi32(a, four_products(_mm256_xor_si256(load(row + i), zero), load(query + i)));
    b = _mm256_add_epi32(b, four_products(_mm256_xor_si256(load(row + i + 32), zero), load(query + i + 32)));
  }
  a = _mm256_add_epi32(a, b);
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
  return _mm_cvtsi128_si32(sum);
}

static int32_t correction(const int8_t *query, size_t stride) {
  (void)query, (void)stride;
  return 0;
}

/// Two rows at a time with all queries, whose sums take 8 of the 16 registers.
static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride) {
  enum { ROWS = 2, LANES = 8, VECTORS = DISTILL_PANEL / LANES };
  const __m256i zero = _mm256_set1_epi8(-128);
  for (size_t r = 0; r < DISTILL_ROWS; r += ROWS) {
    __m256i sums[ROWS][VECTORS];
    for (size_t k = 0; k < ROWS; k++)
      for (size_t v = 0; v < VECTORS; v++) sums[k][v] = _mm256_setzero_si256();
    for (size_t i = 0; i < stride; i += 4)
      for (size_t k = 0; k < ROWS; k++) {
        int32_t word;
        __builtin_memcpy(&word, codes + (r + k) * stride + i, sizeof word);
        const __m256i x = _mm256_xor_si256(_mm256_set1_epi32(word), zero);
        for (size_t v = 0; v < VECTORS; v++)
          sums[k][v] = _mm256_add_epi32(
              sums[k][v], four_products(x, load((const int8_t *)panel + i * DISTILL_PANEL + v * 4 * LANES)));
      }
    for (size_t k = 0; k < ROWS; k++)
      for (size_t v = 0; v < VECTORS; v++)
        _mm256_storeu_si256((__m256i *)(out + (r + k) * DISTILL_PANEL + v * LANES), sums[k][v]);
  }
}

static uint32_t above(float *similarities, const int32_t *products, float scale, const float *floors) {
  uint32_t some = 0;
  for (size_t q = 0; q < DISTILL_PANEL; q += 8) {
    const __m256 product = _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(products + q)));
    const __m256 x = _mm256_add_ps(_mm256_mul_ps(product, _mm256_set1_ps(scale)), _mm256_setzero_ps());
    _mm256_storeu_ps(similarities + q, x);
    some |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_loadu_ps(floors + q), _CMP_GT_OQ)) << q;
  }
  return some;
}

#include "code_variants.h"

#pragma clang attribute pop

const distill_code_kernels distill_codes_avx2 = CODE_KERNELS("avx2");

#endif
