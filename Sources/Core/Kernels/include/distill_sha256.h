#ifndef DISTILL_SHA256_H
#define DISTILL_SHA256_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// FIPS 180-4, section 6.2.2: takes `count` blocks of 64 bytes into the eight words of `state`. With the processor's own
/// instructions where it has them.
void distill_sha256(uint32_t *state, const void *blocks, size_t count);

/// The same without them; what the other one is compared with.
void distill_sha256_plain(uint32_t *state, const void *blocks, size_t count);

#pragma clang assume_nonnull end

#endif
