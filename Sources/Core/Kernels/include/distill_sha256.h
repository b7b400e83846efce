#ifndef DISTILL_SHA256_H
#define DISTILL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Updates the eight words of `state` with `count` blocks of 64 bytes (FIPS 180-4, section 6.2.2). Uses the processor's SHA
/// instructions if it has them.
void distill_sha256(uint32_t *state, const void *blocks, size_t count);

/// Does the same without those instructions. Tests compare the two.
void distill_sha256_plain(uint32_t *state, const void *blocks, size_t count);

#pragma clang assume_nonnull end

#endif
