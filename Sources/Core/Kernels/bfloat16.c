#include <stdlib.h>
#include <string.h>

#include "bfloat16_variants.h"
#include "variants.h"

const distill_bfloat16_kernels *distill_bfloat16_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx512bf16")) return NULL;
  if (strcmp(name, "amx") == 0) return distill_amx_is_here() ? &distill_bfloat16_amx : NULL;
  if (strcmp(name, "avx512") == 0) return &distill_bfloat16_avx512;
#endif
  (void)name;
  return NULL;
}

// These kernels belong to AVX-512, so that DISTILL_ISA=avx2 excludes them, too. DISTILL_ISA=avx512 excludes AMX alone.
const distill_bfloat16_kernels *distill_bfloat16_best(void) {
#if defined(__x86_64__)
  if (distill_kernels_best() != &distill_kernels_avx512) return NULL;
  const char *const wanted = getenv("DISTILL_ISA");
  const distill_bfloat16_kernels *const amx =
      wanted == NULL || *wanted == '\0' ? distill_bfloat16_named("amx") : NULL;
  return amx != NULL ? amx : distill_bfloat16_named("avx512");
#else
  return NULL;
#endif
}
