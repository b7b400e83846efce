#ifndef DISTILL_BFLOAT16_H
#define DISTILL_BFLOAT16_H

#include <stddef.h>

// Matrix products of bfloat16 numbers with float32 sums.
//
// C = A·B + beta·C for A [rows × depth] and B [depth × columns]. All three are float32 and row-major in memory. A and B are
// first rounded to bfloat16 (to nearest, ties to even) and packed in the order in which the product reads them: a pair of
// neighbours along `depth` shares 32 bits. If `transposed` is not 0, memory holds the transpose of the matrix. Strides are
// counted in floats.

#pragma clang assume_nonnull begin

typedef struct __attribute__((swift_attr("@Sendable"))) distill_bfloat16_kernels {
  const char *name;
  /// The number of rows of A in a tile, of columns of B in a panel, and of pairs in a group.
  ///
  /// A may be packed in pieces that begin at multiples of `tile` rows, and B in pieces that begin at multiples of `panel`
  /// columns. With pairs = ⌈depth / 2⌉, rounded up to whole groups, a piece begins (rows or columns before it) · pairs words of 32 bits into the packed
  /// matrix. Each row or column takes 4 · pairs bytes, and their number is rounded up to whole tiles or panels.
  size_t tile;
  size_t panel;
  size_t group;
  void (*_Nonnull pack_left)(
      void *out, const float *a, size_t rows, size_t depth, size_t stride, int transposed);
  void (*_Nonnull pack_right)(
      void *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed);
  /// C = A·B + beta·C for a packed A and B. `transposed` must be the same as when A was packed. C is not read if beta is 0.
  void (*_Nonnull product)(
      float *c, const void *a, const void *b, size_t rows, size_t columns, size_t depth, size_t stride, int transposed,
      float beta);
} distill_bfloat16_kernels;

/// Returns the kernels with this name, `amx` or `avx512`, or NULL if this processor or system does not have their instructions.
const distill_bfloat16_kernels *_Nullable distill_bfloat16_named(const char *name);

/// Returns the fastest kernels of this processor, or NULL if it has no instructions for bfloat16 or DISTILL_ISA excludes them.
const distill_bfloat16_kernels *_Nullable distill_bfloat16_best(void);

#pragma clang assume_nonnull end

#endif
