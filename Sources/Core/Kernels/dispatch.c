#include <stdlib.h>
#include <string.h>

#include "variants.h"

static int runs_here(const char *isa) {
#if defined(__x86_64__)
  // The built-in functions also check that the operating system saves the wide registers.
  __builtin_cpu_init();
  if (strcmp(isa, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
  if (strcmp(isa, "avx2") == 0) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  (void)isa;
  return 1;
}

/// The variants that were compiled, the fastest first. The plain variant at the end runs everywhere.
static const distill_kernels *const variants[] = {
#if defined(__x86_64__)
    &distill_kernels_avx512,
    &distill_kernels_avx2,
#elif defined(__aarch64__)
    &distill_kernels_neon,
#endif
    &distill_kernels_plain,
};

const distill_kernels *distill_kernels_named(const char *isa) {
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
    if (strcmp(variants[i]->name, isa) == 0) return runs_here(isa) ? variants[i] : NULL;
  return NULL;
}

const distill_kernels *distill_kernels_best(void) {
  const char *wanted = getenv("DISTILL_ISA");
  if (wanted != NULL && *wanted != '\0') return distill_kernels_named(wanted);
  size_t i = 0;
  while (!runs_here(variants[i]->name)) i++;
  return variants[i];
}

uint32_t distill_random(uint64_t key, uint64_t index) {
  const distill_stream stream = distill_stream_of(key, (uint32_t)(index >> 32));
  uint32_t x = (uint32_t)index;
  DISTILL_MIX(x, stream);
  return x;
}
