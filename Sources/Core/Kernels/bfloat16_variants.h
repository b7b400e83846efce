#ifndef DISTILL_BFLOAT16_VARIANTS_H
#define DISTILL_BFLOAT16_VARIANTS_H

#include "distill_bfloat16.h"

#if defined(__x86_64__)
extern const distill_bfloat16_kernels distill_bfloat16_avx512;
extern const distill_bfloat16_kernels distill_bfloat16_amx;

/// Whether processor and system have AMX for bfloat16. Asks the system for the tile registers, which it gives only on request.
int distill_amx_is_here(void);
/// The same for products of bytes.
int distill_amx_int8_is_here(void);
#endif

#endif
