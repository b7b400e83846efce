#ifndef DISTILL_CODES_H
#define DISTILL_CODES_H

#include <stddef.h>
#include <stdint.h>

// Dot products of vectors of bytes, exact in 32 bits, and the search for the largest ones.
//
// A stored vector is a row of unsigned bytes that are 128 larger than what they mean, and a query is a row of signed bytes. Both
// take `stride` bytes, a multiple of 64; what is beyond the width is 128 in a row and 0 in a query. Indices are not checked here but
// by the caller. All variants return the same bits.

#pragma clang assume_nonnull begin

/// The queries of a panel, and the rows that are compared with them at a time.
enum { DISTILL_PANEL = 32, DISTILL_ROWS = 32 };

/// The best rows so far for each of the queries of a panel.
typedef struct {
  /// For each query a list with room for `room` rows: their similarity and row as one number, which orders them, the larger the
  /// better. In the upper half are the bits of the similarity (those of a negative number inverted, the sign of others), in the lower
  /// half the inverted row, so that the lower of two equally similar rows is better.
  uint64_t *_Nullable lists;
  /// More than `keep`, the number of rows that are kept when a list is full.
  uint32_t room, keep;
  uint32_t counts[DISTILL_PANEL];
  /// What a similarity has to exceed. −∞ at first, and +∞ for a query that is not there.
  float floors[DISTILL_PANEL];
} distill_best;

typedef struct __attribute__((swift_attr("@Sendable"))) distill_code_kernels {
  /// "amx", "avx512", "avx2", "neon" or "plain".
  const char *name;
  /// out[i] = (Σ (codes[row][j] − 128) · query[j]) · scales[row] · factor for row = rows[i]
  void (*_Nonnull similarities)(
      float *out, const int8_t *query, float factor, const uint8_t *codes, const float *scales, const int32_t *rows,
      size_t count, size_t stride);
  /// Compares rows `first` to `last` with a panel of queries. The similarity of a row is its product with the query, times its scale.
  /// Memory must be readable up to the next multiple of DISTILL_ROWS rows after `first`.
  void (*_Nonnull compare)(
      distill_best *best, const void *panel, const uint8_t *codes, const float *scales, size_t first, size_t last,
      size_t stride);
} distill_code_kernels;

/// Fetches some bytes from memory, to be used soon.
static inline void distill_fetch(const void *bytes, size_t count) {
  for (size_t at = 0; at < count; at += 64) __builtin_prefetch((const char *)bytes + at);
}

/// Packs at most DISTILL_PANEL queries for `compare`, into DISTILL_PANEL · (stride + 4) bytes: for each four bytes of depth those of
/// all queries, and at the end −128 times the sum of each query.
void distill_pack_panel(void *panel, const int8_t *queries, size_t count, size_t stride);

/// Reduces a list to its `keep` largest numbers, in any order. It has more.
void distill_keep_largest(uint64_t *list, size_t count, size_t keep);

/// Returns the kernels with this name, or NULL if this processor or system does not have their instructions.
const distill_code_kernels *_Nullable distill_codes_named(const char *name);

/// Returns the fastest kernels of this processor that DISTILL_ISA does not exclude. There are always some.
const distill_code_kernels *distill_codes_best(void);

#pragma clang assume_nonnull end

#endif
