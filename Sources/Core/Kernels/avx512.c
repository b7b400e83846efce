#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

// The instruction set is chosen by an attribute, because a package that others import may not set compiler flags. System
// headers are included before it, so that it does not apply to their functions.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)

#define LANES 16
enum { TILE = 14, VECTORS = 2 };  // 28 sums of the 32 registers; see product.h
typedef __m512 native;

static inline native load_some(const float *p, size_t k) { return _mm512_maskz_loadu_ps((__mmask16)((1 << k) - 1), p); }

static inline void store_some(float *p, native v, size_t k) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1 << k) - 1), v);
}

#include "vector_kernels.h"
#include "product.h"

#pragma clang attribute pop

const distill_kernels distill_kernels_avx512 = DISTILL_TABLE("avx512");

#endif
