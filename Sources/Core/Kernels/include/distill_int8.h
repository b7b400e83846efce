#ifndef DISTILL_INT8_H
#define DISTILL_INT8_H

#include <stddef.h>
#include <stdint.h>

// Matrix products of bytes: C = X·Wᵀ for X [rows × depth] and a weight W [columns × depth], all row-major float32 in memory.
//
// A row of X becomes bytes 0 … 255 that span the row from its minimum to its maximum, x ≈ minimum + scale · code. A row of W becomes
// bytes −127 … 127 that span its largest magnitude, w ≈ scale · code. The sums of the products of codes are exact, so that the result for a row
// of X depends on no other row.
//
// A few columns of X that are much larger than the others leave few codes for these. Factors for the columns, by which X is multiplied and W
// divided, make them more alike and do not change the product (SmoothQuant, Xiao et al. 2023).

#pragma clang assume_nonnull begin

typedef struct __attribute__((swift_attr("@Sendable"))) distill_int8_kernels {
  const char *name;
  /// The number of rows of X that are multiplied at once.
  size_t tile;
  /// Writes the codes of rows of X, each of `distill_int8_width(depth)` bytes, their scales and their minima. The codes of a row that is
  /// not finite are zeros, and its scale is not a number. `factors` may be NULL.
  void (*_Nonnull quantise)(
      uint8_t *codes, float *scales, float *minima, const float *x, size_t rows, size_t depth, size_t stride,
      const float *_Nullable factors);
  /// Calculates C for the codes of X and panels of W. `columns` may end within the last panel. `stride` is counted in floats of C.
  void (*_Nonnull product)(
      float *c, const uint8_t *codes, const float *scales, const float *minima, const void *panels, size_t rows,
      size_t columns, size_t depth, size_t stride);
} distill_int8_kernels;

/// The number of columns of C, and so of rows of W, in a panel.
enum { DISTILL_INT8_PANEL = 32 };
/// The largest depth, beyond which sums of 32 bits could overflow.
enum { DISTILL_INT8_DEPTH = 65536 };

/// Returns the number of bytes of a row of codes: `depth`, rounded up to a multiple of 64.
static inline size_t distill_int8_width(size_t depth) { return (depth + 63) / 64 * 64; }

/// Returns the number of bytes of a panel, a multiple of 64: the codes of its rows of W, and of each row the scale and the scaled sum of its codes.
static inline size_t distill_int8_panel_size(size_t depth) {
  return distill_int8_width(depth) * DISTILL_INT8_PANEL + 2 * DISTILL_INT8_PANEL * sizeof(float);
}

/// Packs up to a panel of rows of W. `factors` may be NULL.
void distill_int8_pack(
    void *panel, const float *w, size_t rows, size_t depth, size_t stride, const float *_Nullable factors);

/// Calculates factors for X = gamma · z + beta, where z has a mean of 0 and a variance of 1, and all rows of W. SmoothQuant measures the
/// range of X on examples; here |beta| + 3 |gamma| stands for it.
void distill_int8_factors(
    float *factors, const float *gamma, const float *beta, const float *w, size_t rows, size_t depth, size_t stride);

/// Returns the kernels with this name, `avx512` or `plain`, or NULL if this processor does not have their instructions.
const distill_int8_kernels *_Nullable distill_int8_named(const char *name);

/// Returns the fastest kernels of this processor, or NULL if it has no instructions for products of bytes or DISTILL_ISA excludes them.
const distill_int8_kernels *_Nullable distill_int8_best(void);

#pragma clang assume_nonnull end

#endif
