#if defined(__aarch64__)

#include <arm_neon.h>

#include "distill_codes.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static inline int8x16_t centred(const uint8_t *codes) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes), vdupq_n_u8(128)));
}

static int32_t product(const uint8_t *row, const int8_t *query, size_t stride) {
  int32x4_t a = vdupq_n_s32(0), b = a;
  for (size_t i = 0; i < stride; i += 32) {
    a = vdotq_s32(a, centred(row + i), vld1q_s8(query + i));
    b = vdotq_s32(b, centred(row + i + 16), vld1q_s8(query + i + 16));
  }
  return vaddvq_s32(vaddq_s32(a, b));
}

static int32_t correction(const int8_t *query, size_t stride) {
  (void)query, (void)stride;
  return 0;
}

/// Two rows at a time with all queries, whose sums take 16 of the 32 registers.
static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride) {
  enum { ROWS = 2, LANES = 4, VECTORS = DISTILL_PANEL / LANES };
  for (size_t r = 0; r < DISTILL_ROWS; r += ROWS) {
    int32x4_t sums[ROWS][VECTORS];
    for (size_t k = 0; k < ROWS; k++)
      for (size_t v = 0; v < VECTORS; v++) sums[k][v] = vdupq_n_s32(0);
    const int8_t *queries = panel;
    for (size_t i = 0; i < stride; i += 16) {
      int8x16_t x[ROWS];
      for (size_t k = 0; k < ROWS; k++) x[k] = centred(codes + (r + k) * stride + i);
      // Four bytes of the row for each instruction, whose place in the register has to be a constant.
#define DEPTH(lane)                                                                                                    \
  for (size_t v = 0; v < VECTORS; v++, queries += 4 * LANES) {                                                         \
    const int8x16_t y = vld1q_s8(queries);                                                                             \
    for (size_t k = 0; k < ROWS; k++) sums[k][v] = vdotq_laneq_s32(sums[k][v], y, x[k], lane);                         \
  }
      DEPTH(0) DEPTH(1) DEPTH(2) DEPTH(3)
#undef DEPTH
    }
    for (size_t k = 0; k < ROWS; k++)
      for (size_t v = 0; v < VECTORS; v++) vst1q_s32(out + (r + k) * DISTILL_PANEL + v * LANES, sums[k][v]);
  }
}

static uint32_t above(float *similarities, const int32_t *products, float scale, const float *floors) {
  const uint32x4_t bits = {1, 2, 4, 8};
  uint32_t some = 0;
  for (size_t q = 0; q < DISTILL_PANEL; q += 4) {
    const float32x4_t product = vmulq_n_f32(vcvtq_f32_s32(vld1q_s32(products + q)), scale);
    const float32x4_t x = vaddq_f32(product, vdupq_n_f32(0));
    vst1q_f32(similarities + q, x);
    some |= vaddvq_u32(vandq_u32(vcgtq_f32(x, vld1q_f32(floors + q)), bits)) << q;
  }
  return some;
}

#include "code_variants.h"

#pragma clang attribute pop

const distill_code_kernels distill_codes_neon = CODE_KERNELS("neon");

#endif
