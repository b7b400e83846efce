#ifndef DISTILL_BFLOAT16_H
#define DISTILL_BFLOAT16_H

#include <stddef.h>

// Matrix products of bfloat16 numbers with float32 sums.
//
// C = A·B + beta·C for A [rows × depth] and B [depth × columns], all of them float32 and row-major in memory. A and B are
// first rounded to bfloat16 (to nearest, ties to even) and brought into the order in which the product reads them, two
// neighbours along `depth` side by side in 32 bits. `transposed` says that memory holds the transpose. Strides are counted
// in floats.

#pragma clang assume_nonnull begin

typedef struct __attribute__((swift_attr("@Sendable"))) distill_bfloat16_kernels {
  /// Rows of A and columns of B that belong together. A packed A may be cut, and packed piece by piece, at multiples of
  /// `tile` rows; a packed B at multiples of `panel` columns; a piece begins at (rows or columns before it) · pairs, with
  /// pairs = ⌈depth / 2⌉. It takes 4 · pairs bytes a row or column, their number rounded up to a whole tile or panel.
  size_t tile;
  size_t panel;
  void (*_Nonnull pack_left)(
      void *out, const float *a, size_t rows, size_t depth, size_t stride, int transposed);
  void (*_Nonnull pack_right)(
      void *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed);
  /// `transposed` as it was when A was packed. C is not read where beta is 0.
  void (*_Nonnull product)(
      float *c, const void *a, const void *b, size_t rows, size_t columns, size_t depth, size_t stride, int transposed,
      float beta);
} distill_bfloat16_kernels;

/// The kernels of this processor; NULL when it has no such instructions, or DISTILL_ISA names a set without them.
const distill_bfloat16_kernels *_Nullable distill_bfloat16_best(void);

#pragma clang assume_nonnull end

#endif
