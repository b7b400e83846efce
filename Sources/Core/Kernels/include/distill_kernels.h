#ifndef DISTILL_KERNELS_H
#define DISTILL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// What a BLAS does not do, in one variant per instruction set.
//
// Every number is float32 and every matrix is row-major. `n`, `rows`, `columns` and `count` may be 0, and no pointer has
// to be aligned. Where rows have a `stride`, it is counted in floats, is at least `columns`, and holds for every
// matrix of the call. An output may be the very same pointer as an input of the same shape unless its comment says
// otherwise; partial overlap is never allowed. A pointer that is not marked `_Nullable` must not be NULL, and indices
// are believed: the caller checks them. NaN propagates unless a comment says otherwise.

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

  // Activations with a bias. Without a bias the matrix may be one row of n columns.

  /// pre = x + bias; out = pre · Φ(pre), the exact GELU of Hendrycks and Gimpel 2016 ("gelu" in Hugging Face).
  void (*_Nonnull bias_gelu)(
      float *out, float *_Nullable pre, const float *x, const float *_Nullable bias, size_t rows, size_t columns);
  /// dx = dy · (Φ(pre) + pre · φ(pre))
  void (*_Nonnull gelu_backward)(float *dx, const float *pre, const float *dy, size_t n);
  /// The same with the tanh approximation of GELU ("gelu_new" in Hugging Face).
  void (*_Nonnull bias_gelu_tanh)(
      float *out, float *_Nullable pre, const float *x, const float *_Nullable bias, size_t rows, size_t columns);
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
  /// −∞ when n is 0; NaN elements are passed over.
  float (*_Nonnull max)(const float *x, size_t n);
  /// 1 when no element is infinite or NaN, else 0.
  int (*_Nonnull all_finite)(const float *x, size_t n);
  float (*_Nonnull dot)(const float *a, const float *b, size_t n);
  /// Σ (a − b)²
  float (*_Nonnull squared_l2)(const float *a, const float *b, size_t n);
  /// out[p][q] = a[p] · b[q], the dot products of rows of n floats: a product of few rows with many that repacks neither.
  /// `out` overlaps nothing.
  void (*_Nonnull row_products)(
      float *out, const float *a, const float *b, size_t a_rows, size_t b_rows, size_t n, size_t out_stride,
      size_t a_stride, size_t b_stride);

  // Products of large matrices: C = A·B + beta·C, A [rows × depth], B [depth × columns]. `transposed` says that memory holds
  // the transpose. No more than `depth` of the sums' terms are added in one call.

  /// Rows of A and columns of B that belong together. C is best cut, and B packed piece by piece, at multiples of them.
  size_t tile;
  size_t panel;
  size_t depth;
  /// Floats that a product needs to work in.
  size_t scratch;
  /// Takes depth · columns floats, their number rounded up to a whole panel; a piece begins at columns before it · depth.
  void (*_Nonnull pack_panels)(
      float *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed);
  /// C is not read where beta is 0.
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
  /// dx = scale · y · (dy − Σ dy·y), y being the softmax
  void (*_Nonnull softmax_backward_rows)(
      float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride);
  /// dx = scale · (dy − exp(y) · Σ dy), y being the log-softmax
  void (*_Nonnull log_softmax_backward_rows)(
      float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride);
  /// out[row] = Σ p · (log p − log_q), in nats, with 0 · log 0 = 0. `out` overlaps nothing.
  void (*_Nonnull kl_rows)(float *out, const float *p, const float *log_q, size_t rows, size_t columns);

  // Normalisation.

  /// s = x + bias + residual; x̂ = (s − mean) · rstd with rstd = 1 / √(variance + epsilon); out = gamma · x̂ + beta.
  /// The variance is the biased one, from a second pass. `mean_rstd` receives pairs (rows × 2), `normalised` receives x̂;
  /// neither may overlap anything. Ba, Kiros and Hinton 2016.
  void (*_Nonnull residual_layer_norm)(
      float *out, float *_Nullable normalised, float *_Nullable mean_rstd, const float *x,
      const float *_Nullable residual, const float *_Nullable bias, const float *gamma, const float *beta,
      float epsilon, size_t rows, size_t columns);
  /// With g = dy · gamma: dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)), which is also the gradient of the residual and,
  /// summed over rows, of the bias. dgamma += Σ dy · x̂; dbeta += Σ dy. `normalised` is x̂; `dx` may be `dy`.
  void (*_Nonnull layer_norm_backward)(
      float *dx, float *_Nullable dgamma, float *_Nullable dbeta, const float *normalised, const float *mean_rstd,
      const float *gamma, const float *dy, size_t rows, size_t columns);
  /// norms[row] = max(‖x‖, epsilon); out = x / norm
  void (*_Nonnull l2_normalise_rows)(
      float *out, float *_Nullable norms, const float *x, float epsilon, size_t rows, size_t columns);
  /// dx = (dy − y · (y·dy)) / norm, and dy / epsilon where the norm was raised to epsilon
  void (*_Nonnull l2_normalise_backward_rows)(
      float *dx, const float *y, const float *norms, const float *dy, float epsilon, size_t rows, size_t columns);

  // Random numbers: functions of (key, index), with the same bits in every variant. See `distill_random`.

  /// Element i stays, divided by 1 − probability, iff distill_random(key, first_index + i) ≥ probability · 2³²; else it
  /// becomes 0. 0 ≤ probability < 1. Applied to dy with the same arguments it is its own backward pass.
  void (*_Nonnull dropout)(
      float *out, const float *x, size_t n, float probability, uint64_t key, uint64_t first_index);
  /// Uniform in [0, 1), multiples of 2⁻²⁴.
  void (*_Nonnull random_uniform)(float *out, size_t n, uint64_t key, uint64_t first_index);

  // Optimiser.

  /// AdamW with decoupled decay (Loshchilov and Hutter 2019, as PyTorch orders it). With g = gradient_scale · gradient:
  /// p *= shrink (1 − rate·decay); m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²;
  /// p −= rate · (m / correction1) / (√(v / correction2) + epsilon), correction being 1 − βᵗ.
  void (*_Nonnull adamw)(
      float *parameters, const float *gradients, float *m, float *v, size_t n, float rate, float beta1, float beta2,
      float epsilon, float shrink, float correction1, float correction2, float gradient_scale);

  // Tables.

  /// out[i] = table[indices[i]]. `out` overlaps nothing.
  void (*_Nonnull gather_rows)(
      float *out, const float *table, const int32_t *indices, size_t rows, size_t columns);
  /// table[indices[i]] += x[i], in order of i. `table` overlaps nothing.
  void (*_Nonnull scatter_add_rows)(
      float *table, const float *x, const int32_t *indices, size_t rows, size_t columns);
  /// out[i] = words[ids[i]] + positions[position_ids[i]] + types[type_ids[i]]. `out` overlaps nothing.
  void (*_Nonnull embedding_sum)(
      float *out, const float *words, const float *positions, const float *types, const int32_t *ids,
      const int32_t *position_ids, const int32_t *type_ids, size_t rows, size_t columns);
} distill_kernels;

/// The kernels of one instruction set; NULL when the name is unknown, or this processor or system cannot run them.
const distill_kernels *_Nullable distill_kernels_named(const char *isa);

/// The fastest kernels of this processor, or those that the environment variable DISTILL_ISA names; NULL when it names
/// some that are unknown or cannot run here.
const distill_kernels *_Nullable distill_kernels_best(void);

/// 32 well-mixed bits of (key, index): a stateless generator for shuffles, initial weights and dropout masks.
uint32_t distill_random(uint64_t key, uint64_t index);

#pragma clang assume_nonnull end

#endif
