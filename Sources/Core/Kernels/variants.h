// Declarations that all variants share: the list of kernels, their tables, and the definition of the random bits.
#ifndef DISTILL_VARIANTS_H
#define DISTILL_VARIANTS_H

#include "distill_kernels.h"

extern const distill_kernels distill_kernels_plain;
#if defined(__x86_64__)
extern const distill_kernels distill_kernels_avx2;
extern const distill_kernels distill_kernels_avx512;
#elif defined(__aarch64__)
extern const distill_kernels distill_kernels_neon;
#endif

#define DISTILL_EACH_KERNEL(X)                                                                                         \
  X(add) X(sub) X(mul) X(div) X(scale) X(add_scalar) X(axpy) X(mul_accumulate) X(fill)                                 \
  X(exp) X(log) X(tanh) X(sqrt) X(reciprocal) X(abs) X(sign) X(relu) X(relu_backward) X(tanh_backward)                 \
  X(bias_gelu) X(gelu_backward) X(bias_gelu_tanh) X(gelu_tanh_backward) X(bias_tanh) X(bias_add)                       \
  X(column_sum_accumulate) X(row_sum) X(sum) X(sum_of_squares) X(max) X(all_finite)                                    \
  X(dot) X(squared_l2) X(row_products) X(pack_panels) X(panel_product)                                                 \
  X(softmax_rows) X(log_softmax_rows) X(softmax_backward_rows) X(log_softmax_backward_rows) X(kl_rows)                 \
  X(residual_layer_norm) X(layer_norm_backward) X(l2_normalise_rows) X(l2_normalise_backward_rows)                     \
  X(dropout) X(random_uniform) X(adamw) X(gather_rows) X(scatter_add_rows) X(embedding_sum)

/// Initialises a table with the static functions of the including file, which are called k_add, k_sub and so on.
#define DISTILL_TABLE_ENTRY(kernel) .kernel = k_##kernel,
#define DISTILL_TABLE(isa) {.name = isa, DISTILL_PRODUCT, DISTILL_EACH_KERNEL(DISTILL_TABLE_ENTRY)}

// Random bits. The finaliser of SplitMix64 (Steele, Lea and Flood 2014) turns the key and the high half of the index into two
// words of 32 bits, once per 2³² indices. The low half of the index is then mixed with both words by multiply-xorshift rounds,
// which need only 32-bit products and can therefore be vectorised. The first word is applied before the rounds and permutes the
// order. The second is applied between them and changes the values, so that streams of different keys are not permutations of
// one another.

typedef struct {
  uint32_t order;
  uint32_t value;
} distill_stream;

static inline uint64_t distill_mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline distill_stream distill_stream_of(uint64_t key, uint32_t index_high) {
  const uint64_t golden = 0x9e3779b97f4a7c15u;
  const uint64_t z = distill_mix64(distill_mix64(key + golden) + golden * index_high);
  return (distill_stream){(uint32_t)z, (uint32_t)(z >> 32)};
}

/// Mixes x, the low half of the index, in place; x is a uint32_t or a vector of them.
#define DISTILL_MIX(x, stream)                                                                                         \
  do {                                                                                                                 \
    x ^= (stream).order;                                                                                               \
    x = (x ^ (x >> 16)) * 0x21f0aaadu;                                                                                 \
    x = (x ^ (x >> 15)) * 0xd35a2d97u;                                                                                 \
    x = (x ^ (x >> 15)) + (stream).value;                                                                              \
    x = (x ^ (x >> 16)) * 0x85ebca6bu;                                                                                 \
    x = x ^ (x >> 14);                                                                                                 \
  } while (0)

/// Returns the number below which random bits drop an element.
static inline uint32_t distill_dropout_threshold(float probability) {
  return (uint32_t)((double)probability * 4294967296.0);
}

#endif
