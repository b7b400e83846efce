#ifndef DISTILL_KERNELS_H
#define DISTILL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Operations that BLAS does not provide, in one variant per instruction set.
//
// All numbers are float32 and all matrices are row-major. `n`, `rows`, `columns` and `count` may be 0, and pointers need not
// be aligned. A `stride` is the distance between rows in floats, is at least `columns`, and applies to every matrix of the
// call. An output may be the same pointer as an input of the same shape unless a comment says otherwise. Partial overlap is
// never allowed. A pointer that is not marked `_Nullable` must not be NULL. Indices are not checked here but by the caller.
// NaN propagates unless a comment says otherwise.

#pragma clang assume_nonnull begin

typedef struct __attribute__((swift_attr("@Sendable"))) distill_kernels {
  /// "avx512", "avx2", "neon" or "plain".
  const char *name;

  // Elementwise.

  void (*_Nonnull add)(float *out, const float *a, const float *b, size_t n);
  void (*_Nonnull sub)(float *out, const float *a, const float *b, size_t n);
  void (*_Nonnull mul)(float *out, const float *a, const float *b, size_t n);
  void (*_Nonnull div)(float *out, const float *a, const float *b, size_t n);
  void (*_Nonnull scale)(float *out, const float *a, float factor, size_t n);
  void (*_Nonnull add_scalar)(float *out, const float *a, float term, size_t n);
  /// y += factor · x
  void (*_Nonnull axpy)(float *y, float factor, const float *x, size_t n);
  /// y += a · b
  void (*_Nonnull mul_accumulate)(float *y, const float *a, const float *b, size_t n);
  void (*_Nonnull fill)(float *out, float value, size_t n);
  void (*_Nonnull exp)(float *out, const float *a, size_t n);
  void (*_Nonnull log)(float *out, const float *a, size_t n);
  void (*_Nonnull tanh)(float *out, const float *a, size_t n);
  void (*_Nonnull sqrt)(float *out, const float *a, size_t n);
  void (*_Nonnull reciprocal)(float *out, const float *a, size_t n);
  void (*_Nonnull abs)(float *out, const float *a, size_t n);
  /// −1, 0 or 1; 0 for NaN.
  void (*_Nonnull sign)(float *out, const float *a, size_t n);
  void (*_Nonnull relu)(float *out, const float *a, size_t n);
  /// dx = y > 0 ? dy : 0
  void (*_Nonnull relu_backward)(float *dx, const float *y, const float *dy, size_t n);
  /// dx = dy · (1 − y²)
  void (*_Nonnull tanh_backward)(float *dx, const float *y, const float *dy, size_t n);

  // Activations with a bias, which is added to every row. If it is NULL, any array may be passed as a single row of n columns.

  /// pre = x + bias; out = pre · Φ(pre), the exact GELU of Hendrycks and Gimpel 2016 ("gelu" in Hugging Face).
  void (*_Nonnull bias_gelu)(
      float *out, float *_Nullable pre, const float *x, const float *_Nullable bias, size_t rows, size_t columns);
  /// dx = dy · (Φ(pre) + pre · φ(pre))
  void (*_Nonnull gelu_backward)(float *dx, const float *pre, const float *dy, size_t n);
  /// Does the same with the tanh approximation of GELU ("gelu_new" in Hugging Face):
  /// out = pre · ½(1 + tanh(√(2/π) · (pre + 0.044715 · pre³))).
  void (*_Nonnull bias_gelu_tanh)(
      float *out, float *_Nullable pre, const float *x, const float *_Nullable bias, size_t rows, size_t columns);
  /// dx = dy · the derivative of that approximation at pre
  void (*_Nonnull gelu_tanh_backward)(float *dx, const float *pre, const float *dy, size_t n);
  /// out = tanh(x + bias)
  void (*_Nonnull bias_tanh)(
      float *out, const float *x, const float *_Nullable bias, size_t rows, size_t columns);
  /// x += bias, in place.
  void (*_Nonnull bias_add)(float *x, const float *bias, size_t rows, size_t columns);

  // Reductions.

  /// sums += sums of the columns of x
  void (*_Nonnull column_sum_accumulate)(float *sums, const float *x, size_t rows, size_t columns, size_t stride);
  /// out[row] = sum of the row
  void (*_Nonnull row_sum)(float *out, const float *x, size_t rows, size_t columns, size_t stride);
  double (*_Nonnull sum)(const float *x, size_t n);
  double (*_Nonnull sum_of_squares)(const float *x, size_t n);
  /// The largest element, or −∞ if n is 0. NaN elements are ignored.
  float (*_Nonnull max)(const float *x, size_t n);
  /// 1 if no element is infinite or NaN, otherwise 0.
  int (*_Nonnull all_finite)(const float *x, size_t n);
  float (*_Nonnull dot)(const float *a, const float *b, size_t n);
  /// Σ (a − b)²
  float (*_Nonnull squared_l2)(const float *a, const float *b, size_t n);
  /// out[p][q] = a[p] · b[q], the dot products of rows of n floats. This is the product of a few rows with many, for which
  /// packing an operand would take longer than the product. `out` must not overlap an input.
  void (*_Nonnull row_products)(
      float *out, const float *a, const float *b, size_t a_rows, size_t b_rows, size_t n, size_t out_stride,
      size_t a_stride, size_t b_stride);

  // Products of large matrices: C = A·B + beta·C for A [rows × depth] and B [depth × columns]. If `transposed` is not 0,
  // memory holds the transpose of the matrix. A longer product is the sum of several calls, each of at most `depth` terms.

  /// The number of rows of A in a tile, and of columns of B in a panel. C should be divided, and B may be packed in pieces,
  /// at multiples of them.
  size_t tile;
  size_t panel;
  /// The largest depth of one call.
  size_t depth;
  /// The number of floats of working memory that a product needs.
  size_t scratch;
  /// Packs B into depth · columns floats, with the columns rounded up to whole panels. A piece of B begins (columns before
  /// it) · depth floats into `out`.
  void (*_Nonnull pack_panels)(
      float *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed);
  /// C = A·B + beta·C for a packed B. C is not read if beta is 0.
  void (*_Nonnull panel_product)(
      float *c, const float *a, const float *panels, float *scratch, size_t rows, size_t columns, size_t depth,
      size_t c_stride, size_t a_stride, int transposed, float beta);

  // Rows as distributions.

  /// out = softmax(scale · x) of each row
  void (*_Nonnull softmax_rows)(
      float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride);
  /// out = log softmax(scale · x) of each row
  void (*_Nonnull log_softmax_rows)(
      float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride);
  /// dx = scale · y · (dy − Σ dy·y) for y = softmax(scale · x)
  void (*_Nonnull softmax_backward_rows)(
      float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride);
  /// dx = scale · (dy − exp(y) · Σ dy) for y = log softmax(scale · x)
  void (*_Nonnull log_softmax_backward_rows)(
      float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride);
  /// out[row] = Σ p · (log p − log_q), in nats, with 0 · log 0 = 0. `out` must not overlap an input.
  void (*_Nonnull kl_rows)(float *out, const float *p, const float *log_q, size_t rows, size_t columns);

  // Normalisation.

  /// s = x + bias + residual; x̂ = (s − mean) · rstd with rstd = 1 / √(variance + epsilon); out = gamma · x̂ + beta.
  /// The variance is the biased one and is calculated in a second pass over the row. `mean_rstd` [rows × 2] receives pairs,
  /// and `normalised` receives x̂. Neither may overlap another matrix. Source: Ba, Kiros and Hinton 2016.
  void (*_Nonnull residual_layer_norm)(
      float *out, float *_Nullable normalised, float *_Nullable mean_rstd, const float *x,
      const float *_Nullable residual, const float *_Nullable bias, const float *gamma, const float *beta,
      float epsilon, size_t rows, size_t columns);
  /// dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)) with g = dy · gamma; dgamma += Σ dy · x̂; dbeta += Σ dy.
  ///
  /// dx is also the gradient of the residual, and summed over the rows it is that of the bias. `normalised` is x̂. `dx` may be
  /// the same pointer as `dy`.
  void (*_Nonnull layer_norm_backward)(
      float *dx, float *_Nullable dgamma, float *_Nullable dbeta, const float *normalised, const float *mean_rstd,
      const float *gamma, const float *dy, size_t rows, size_t columns);
  /// norms[row] = max(‖x‖, epsilon); out = x / norm
  void (*_Nonnull l2_normalise_rows)(
      float *out, float *_Nullable norms, const float *x, float epsilon, size_t rows, size_t columns);
  /// dx = (dy − y · (y·dy)) / norm, or dy / epsilon for a row whose length is below epsilon
  void (*_Nonnull l2_normalise_backward_rows)(
      float *dx, const float *y, const float *norms, const float *dy, float epsilon, size_t rows, size_t columns);

  // Random numbers are functions of (key, index) and have the same bits in every variant. See `distill_random`.

  /// Element i is divided by 1 − probability if distill_random(key, first_index + i) ≥ probability · 2³², and becomes 0
  /// otherwise. 0 ≤ probability < 1. The backward pass is the same call with dy in place of x.
  void (*_Nonnull dropout)(
      float *out, const float *x, size_t n, float probability, uint64_t key, uint64_t first_index);
  /// Fills `out` with uniform numbers in [0, 1), which are multiples of 2⁻²⁴.
  void (*_Nonnull random_uniform)(float *out, size_t n, uint64_t key, uint64_t first_index);

  // Optimiser.

  /// A step of AdamW, Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of PyTorch.
  ///
  /// With g = gradient_scale · gradient, shrink = 1 − rate · decay and correction = 1 − βᵗ:
  /// p *= shrink; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p −= rate · (m / correction1) / (√(v / correction2) + epsilon).
  void (*_Nonnull adamw)(
      float *parameters, const float *gradients, float *m, float *v, size_t n, float rate, float beta1, float beta2,
      float epsilon, float shrink, float correction1, float correction2, float gradient_scale);

  // Tables.

  /// out[i] = table[indices[i]]. `out` must not overlap the table.
  void (*_Nonnull gather_rows)(
      float *out, const float *table, const int32_t *indices, size_t rows, size_t columns);
  /// table[indices[i]] += x[i], in the order of i. `table` must not overlap x.
  void (*_Nonnull scatter_add_rows)(
      float *table, const float *x, const int32_t *indices, size_t rows, size_t columns);
  /// out[i] = words[ids[i]] + positions[position_ids[i]] + types[type_ids[i]]. `out` must not overlap a table.
  void (*_Nonnull embedding_sum)(
      float *out, const float *words, const float *positions, const float *types, const int32_t *ids,
      const int32_t *position_ids, const int32_t *type_ids, size_t rows, size_t columns);
} distill_kernels;

/// Returns the kernels of one instruction set, or NULL if the name is unknown or this machine cannot run them.
const distill_kernels *_Nullable distill_kernels_named(const char *isa);

/// Returns the fastest kernels of this processor, or those that the environment variable DISTILL_ISA names. Returns NULL if
/// that name is unknown or this machine cannot run them.
const distill_kernels *_Nullable distill_kernels_best(void);

/// Returns 32 random bits that depend on (key, index) alone. Shuffles, initial weights and dropout masks are made of them, so
/// they can be repeated without storing the state of a generator.
uint32_t distill_random(uint64_t key, uint64_t index);

#pragma clang assume_nonnull end

#endif
