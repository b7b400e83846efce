#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

// The instruction set is chosen by an attribute, because a package that others import may not set compiler flags. System
// headers are included before it, so that it does not apply to their functions.
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
enum { TILE = 6, VECTORS = 2 };  // 12 sums of the 16 registers; see product.h
typedef __m256 native;

static inline __m256i first_lanes(size_t k) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)k), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline native load_some(const float *p, size_t k) { return _mm256_maskload_ps(p, first_lanes(k)); }

static inline void store_some(float *p, native v, size_t k) { _mm256_maskstore_ps(p, first_lanes(k), v); }

#include "vector_kernels.h"
#include "product.h"

#pragma clang attribute pop

const distill_kernels distill_kernels_avx2 = DISTILL_TABLE("avx2");

#endif
