#if defined(__aarch64__)

#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

#define LANES 4
enum { TILE = 8, VECTORS = 3 };  // 24 sums of the 32 registers; see product.h
typedef float32x4_t native;

static inline native load_some(const float *p, size_t k) {
  native v = {0, 0, 0, 0};
  for (size_t i = 0; i < k; i++) v[i] = p[i];
  return v;
}

static inline void store_some(float *p, native v, size_t k) {
  for (size_t i = 0; i < k; i++) p[i] = v[i];
}

#include "vector_kernels.h"
#include "product.h"

const distill_kernels distill_kernels_neon = DISTILL_TABLE("neon");

#endif
