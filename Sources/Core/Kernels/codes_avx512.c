#if defined(__x86_64__)

#include <immintrin.h>

#include "distill_codes.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "codes_vnni.h"

/// Eight rows at a time, which take 16 of the 32 registers for their sums.
static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride) {
  enum { ROWS = 8 };
  const int32_t *const words = panel;
  const int32_t *const corrections = words + stride / 4 * DISTILL_PANEL;
  for (size_t r = 0; r < DISTILL_ROWS; r += ROWS) {
    __m512i low[ROWS], high[ROWS];
    for (size_t k = 0; k < ROWS; k++) {
      low[k] = _mm512_loadu_si512(corrections);
      high[k] = _mm512_loadu_si512(corrections + 16);
    }
    for (size_t i = 0; i < stride; i += 4) {
      const __m512i x = _mm512_loadu_si512(words + i / 4 * DISTILL_PANEL);
      const __m512i y = _mm512_loadu_si512(words + i / 4 * DISTILL_PANEL + 16);
#pragma clang loop unroll(full)
      for (size_t k = 0; k < ROWS; k++) {
        int32_t word;
        __builtin_memcpy(&word, codes + (r + k) * stride + i, sizeof word);
        const __m512i row = _mm512_set1_epi32(word);
        low[k] = _mm512_dpbusd_epi32(low[k], row, x);
        high[k] = _mm512_dpbusd_epi32(high[k], row, y);
      }
    }
    for (size_t k = 0; k < ROWS; k++) {
      _mm512_storeu_si512(out + (r + k) * DISTILL_PANEL, low[k]);
      _mm512_storeu_si512(out + (r + k) * DISTILL_PANEL + 16, high[k]);
    }
  }
}

#include "code_variants.h"

#pragma clang attribute pop

const distill_code_kernels distill_codes_avx512 = CODE_KERNELS("avx512");

#endif
