#include "distill_int8.h"

#include <math.h>
#include <string.h>

#include "variants.h"

#if defined(__x86_64__)
extern const distill_int8_kernels distill_int8_avx512;
#endif

/// A panel holds groups of four neighbours along `depth`: four codes of the first row, four of the second, and so on.
void distill_int8_pack(
    void *panel, const float *w, size_t rows, size_t depth, size_t stride, const float *factors) {
  const size_t width = distill_int8_width(depth);
  int8_t *const codes = panel;
  float *const scales = (float *)(codes + width * DISTILL_INT8_PANEL), *const sums = scales + DISTILL_INT8_PANEL;
  memset(panel, 0, distill_int8_panel_size(depth));
  for (size_t row = 0; row < rows; row++, w += stride) {
    float largest = 0;
    for (size_t i = 0; i < depth; i++) largest = fmaxf(largest, fabsf(factors ? w[i] / factors[i] : w[i]));
    const float factor = largest > 0 ? 127 / largest : 0;
    int32_t sum = 0;
    for (size_t i = 0; i < depth; i++) {
      const long code = lrintf((factors ? w[i] / factors[i] : w[i]) * factor);
      codes[(i / 4 * DISTILL_INT8_PANEL + row) * 4 + i % 4] = (int8_t)code;
      sum += (int32_t)code;
    }
    scales[row] = largest / 127;
    sums[row] = scales[row] * (float)sum;
  }
}

void distill_int8_factors(
    float *factors, const float *gamma, const float *beta, const float *w, size_t rows, size_t depth, size_t stride) {
  for (size_t i = 0; i < depth; i++) {
    float largest = 0;
    for (size_t row = 0; row < rows; row++) largest = fmaxf(largest, fabsf(w[row * stride + i]));
    // Both ranges become the root of their product.
    const float factor = sqrtf(largest / (fabsf(beta[i]) + 3 * fabsf(gamma[i])));
    factors[i] = isnormal(factor) ? factor : 1;
  }
}

// The plain variant, which is the measure of the others.

static float scaled(const float *x, const float *factors, size_t i) { return factors ? x[i] * factors[i] : x[i]; }

static void quantise(
    uint8_t *codes, float *scales, float *minima, const float *x, size_t rows, size_t depth, size_t stride,
    const float *factors) {
  const size_t width = distill_int8_width(depth);
  for (size_t row = 0; row < rows; row++, x += stride, codes += width) {
    memset(codes, 0, width);
    float low = depth > 0 ? scaled(x, factors, 0) : 0, high = low;
    int is_finite = 1;
    for (size_t i = 0; i < depth; i++) {
      const float some = scaled(x, factors, i);
      is_finite &= isfinite(some) != 0;
      low = fminf(low, some);
      high = fmaxf(high, some);
    }
    const float span = high - low;
    scales[row] = is_finite ? span / 255 : NAN;
    minima[row] = low;
    const float factor = 255 / span;
    if (!is_finite || !isfinite(factor)) continue;
    for (size_t i = 0; i < depth; i++) codes[i] = (uint8_t)fminf(255, rintf((scaled(x, factors, i) - low) * factor));
  }
}

static void product(
    float *c, const uint8_t *codes, const float *scales, const float *minima, const void *panels, size_t rows,
    size_t columns, size_t depth, size_t stride) {
  const size_t width = distill_int8_width(depth);
  for (size_t column = 0; column < columns; column++) {
    const char *const panel = (const char *)panels + column / DISTILL_INT8_PANEL * distill_int8_panel_size(depth);
    const size_t place = column % DISTILL_INT8_PANEL;
    const int8_t *const weight = (const int8_t *)panel;
    const float *const factors = (const float *)(panel + width * DISTILL_INT8_PANEL);
    for (size_t row = 0; row < rows; row++) {
      int32_t sum = 0;
      for (size_t i = 0; i < width; i++)
        sum += codes[row * width + i] * weight[(i / 4 * DISTILL_INT8_PANEL + place) * 4 + i % 4];
      c[row * stride + column] =
          fmaf((float)sum * scales[row], factors[place], minima[row] * factors[DISTILL_INT8_PANEL + place]);
    }
  }
}

static const distill_int8_kernels plain = {.name = "plain", .tile = 1, .quantise = quantise, .product = product};

const distill_int8_kernels *distill_int8_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vnni")
               ? &distill_int8_avx512
               : NULL;
#endif
  return strcmp(name, "plain") == 0 ? &plain : NULL;
}

// These kernels belong to AVX-512, so that DISTILL_ISA=avx2 excludes them, too.
const distill_int8_kernels *distill_int8_best(void) {
#if defined(__x86_64__)
  if (distill_kernels_best() == &distill_kernels_avx512) return distill_int8_named("avx512");
#endif
  return NULL;
}
