#include "distill_codes.h"

#include <stdlib.h>
#include <string.h>

#include "bfloat16_variants.h"
#include "variants.h"

#if defined(__x86_64__)
extern const distill_code_kernels distill_codes_amx, distill_codes_avx512, distill_codes_avx2;
#elif defined(__aarch64__)
extern const distill_code_kernels distill_codes_neon;
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/// Returns whether the processor has the dot products of bytes, which all of Apple's have.
static int has_dot_products(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return 1;
#endif
}
#endif

// The plain variant, which is the measure of the others.

static int32_t product(const uint8_t *row, const int8_t *query, size_t stride) {
  int32_t sum = 0;
  for (size_t i = 0; i < stride; i++) sum += (row[i] - 128) * query[i];
  return sum;
}

static int32_t correction(const int8_t *query, size_t stride) {
  (void)query, (void)stride;
  return 0;
}

static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride) {
  const int8_t *const bytes = panel;
  for (size_t r = 0; r < DISTILL_ROWS; r++, out += DISTILL_PANEL) {
    memset(out, 0, DISTILL_PANEL * sizeof *out);
    for (size_t i = 0; i < stride; i++)
      for (size_t q = 0; q < DISTILL_PANEL; q++)
        out[q] += (codes[r * stride + i] - 128) * bytes[i / 4 * 4 * DISTILL_PANEL + 4 * q + i % 4];
  }
}

static uint32_t above(float *similarities, const int32_t *products, float scale, const float *floors) {
  uint32_t some = 0;
  for (size_t q = 0; q < DISTILL_PANEL; q++) {
    similarities[q] = (float)products[q] * scale + 0.0f;
    some |= (uint32_t)(similarities[q] > floors[q]) << q;
  }
  return some;
}

#include "code_variants.h"

static const distill_code_kernels distill_codes_plain = CODE_KERNELS("plain");

void distill_pack_panel(void *panel, const int8_t *queries, size_t count, size_t stride) {
  int8_t *out = panel;
  int32_t corrections[DISTILL_PANEL] = {0};
  for (size_t i = 0; i < stride; i += 4)
    for (size_t q = 0; q < DISTILL_PANEL; q++, out += 4) {
      if (q >= count) {
        memset(out, 0, 4);
        continue;
      }
      memcpy(out, queries + q * stride + i, 4);
      corrections[q] -= 128 * (out[0] + out[1] + out[2] + out[3]);
    }
  memcpy(out, corrections, sizeof corrections);
}

/// Hoare's quickselect with the median of three as pivot.
void distill_keep_largest(uint64_t *list, size_t count, size_t keep) {
  ptrdiff_t low = 0, high = (ptrdiff_t)count - 1;
  const ptrdiff_t last = (ptrdiff_t)keep - 1;
  while (low < high) {
    const uint64_t a = list[low], b = list[low + (high - low) / 2], c = list[high];
    const uint64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    ptrdiff_t i = low, j = high;
    while (i <= j) {
      while (list[i] > pivot) i++;
      while (list[j] < pivot) j--;
      if (i > j) break;
      const uint64_t other = list[i];
      list[i++] = list[j];
      list[j--] = other;
    }
    if (last <= j)
      high = j;
    else if (last >= i)
      low = i;
    else
      return;
  }
}

const distill_code_kernels *distill_codes_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(name, "avx2") == 0) return __builtin_cpu_supports("avx2") ? &distill_codes_avx2 : NULL;
  const int has_vnni = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vnni");
  if (strcmp(name, "avx512") == 0) return has_vnni ? &distill_codes_avx512 : NULL;
  if (strcmp(name, "amx") == 0) return has_vnni && distill_amx_int8_is_here() ? &distill_codes_amx : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon") == 0) return has_dot_products() ? &distill_codes_neon : NULL;
#endif
  return strcmp(name, "plain") == 0 ? &distill_codes_plain : NULL;
}

// DISTILL_ISA=avx512 excludes AMX alone, as for bfloat16.
const distill_code_kernels *distill_codes_best(void) {
  static const char *const names[] = {"amx", "avx512", "avx2", "neon", "plain"};
  const char *const wanted = getenv("DISTILL_ISA");
  size_t i = 0;
  if (wanted != NULL && *wanted != '\0')
    while (i < 4 && strcmp(names[i], wanted) != 0) i++;
  while (distill_codes_named(names[i]) == NULL) i++;
  return distill_codes_named(names[i]);
}
