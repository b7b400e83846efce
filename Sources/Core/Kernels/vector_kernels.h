// The kernels for any instruction set, on vectors of LANES floats. See vector_math.h.

#include <string.h>

#include "vector_math.h"

/// Define elementwise kernels. The expression `result` uses x, a vector of the first operand, and y, a vector of the second.
#define MAP1(kernel, result)                                                                                           \
  static void k_##kernel(float *out, const float *a, size_t n) {                                                       \
    FOR_VECTORS(n, const vf x = load(a + i, k); store(out + i, result, k););                                           \
  }
#define MAP2(kernel, result)                                                                                           \
  static void k_##kernel(float *out, const float *a, const float *b, size_t n) {                                       \
    FOR_VECTORS(n, const vf x = load(a + i, k), y = load(b + i, k); store(out + i, result, k););                       \
  }

MAP2(add, x + y)
MAP2(sub, x - y)
MAP2(mul, x * y)
MAP2(div, x / y)
MAP1(exp, vexp(x))
MAP1(log, vlog(x))
MAP1(tanh, vtanh(x))
MAP1(sqrt, __builtin_elementwise_sqrt(x))
MAP1(reciprocal, 1.0f / x)
MAP1(abs, __builtin_elementwise_abs(x))
MAP1(sign, x > 0.0f ? (vf)1.0f : (x < 0.0f ? (vf)-1.0f : (vf)0.0f))
MAP1(relu, x < 0.0f ? (vf)0.0f : x)
MAP2(relu_backward, x > 0.0f ? y : (vf)0.0f)
MAP2(tanh_backward, y * fma_(-x, x, (vf)1.0f))

static void k_scale(float *out, const float *a, float factor, size_t n) {
  FOR_VECTORS(n, store(out + i, load(a + i, k) * factor, k););
}

static void k_add_scalar(float *out, const float *a, float term, size_t n) {
  FOR_VECTORS(n, store(out + i, load(a + i, k) + term, k););
}

static void k_axpy(float *y, float factor, const float *x, size_t n) {
  FOR_VECTORS(n, store(y + i, fma_(load(x + i, k), (vf)factor, load(y + i, k)), k););
}

static void k_mul_accumulate(float *y, const float *a, const float *b, size_t n) {
  FOR_VECTORS(n, store(y + i, fma_(load(a + i, k), load(b + i, k), load(y + i, k)), k););
}

static void k_fill(float *out, float value, size_t n) { FOR_VECTORS(n, store(out + i, (vf)value, k);); }

// Activations.

INLINE vf load_with_bias(const float *x, const float *bias, size_t i, size_t k) {
  return bias == NULL ? load(x + i, k) : load(x + i, k) + load(bias + i, k);
}

INLINE vf gelu(vf x) { return x * normal_cdf(x, bell(x)); }

INLINE vf gelu_slope(vf x) {
  const vf e = bell(x);
  return fma_(x * 0.39894228040f, e, normal_cdf(x, e));
}

INLINE vf gelu_tanh(vf x) { return x / (1.0f + vexp(-approximate_logit(x))); }

/// The derivative s + x · s(1 − s) · 2u′, where s is the approximate Φ(x). The product s(1 − s) is symmetric in x. It is
/// calculated from |x|, because 1 − s would lose digits where s is close to 1.
INLINE vf gelu_tanh_slope(vf x) {
  const vf e = vexp(-__builtin_elementwise_abs(approximate_logit(x)));
  const vf upper = 1.0f / (1.0f + e), lower = e * upper;
  const vf logit_slope = fma_(x * x, (vf)(3 * 0.044715f * 1.5957691216f), (vf)1.5957691216f);
  return fma_(x * upper * lower, logit_slope, x < 0.0f ? lower : upper);
}

#define BIAS_GELU(kernel, function)                                                                                    \
  static void k_##kernel(                                                                                              \
      float *out, float *pre, const float *x, const float *bias, size_t rows, size_t columns) {                        \
    for (size_t row = 0; row < rows; row++) {                                                                          \
      const size_t start = row * columns;                                                                              \
      FOR_VECTORS(columns, const vf z = load_with_bias(x + start, bias, i, k);                                         \
                  if (pre != NULL) store(pre + start + i, z, k); store(out + start + i, function(z), k););             \
    }                                                                                                                  \
  }

BIAS_GELU(bias_gelu, gelu)
BIAS_GELU(bias_gelu_tanh, gelu_tanh)
MAP2(gelu_backward, y *gelu_slope(x))
MAP2(gelu_tanh_backward, y *gelu_tanh_slope(x))

static void k_bias_tanh(float *out, const float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, out += columns, x += columns)
    FOR_VECTORS(columns, store(out + i, vtanh(load_with_bias(x, bias, i, k)), k););
}

static void k_bias_add(float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) k_add(x + row * columns, x + row * columns, bias, columns);
}

// Reductions.

static void k_column_sum_accumulate(float *sums, const float *x, size_t rows, size_t columns, size_t stride) {
  size_t row = 0;
  // Four rows at a time, so that the sums are loaded and stored a quarter as often.
  for (; row + 4 <= rows; row += 4, x += 4 * stride)
    FOR_VECTORS(columns, const float *p = x + i; const vf lower = load(p, k) + load(p + stride, k);
                const vf upper = load(p + 2 * stride, k) + load(p + 3 * stride, k);
                store(sums + i, load(sums + i, k) + (lower + upper), k););
  for (; row < rows; row++, x += stride) k_add(sums, sums, x, columns);
}

static float row_total(const float *x, size_t n) {
  vf total = 0;
  FOR_VECTORS(n, total += load(x + i, k););
  return sum_lanes(total);
}

static void k_row_sum(float *out, const float *x, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++) out[row] = row_total(x + row * stride, columns);
}

static double k_sum(const float *x, size_t n) {
  vd total = 0;
  FOR_VECTORS(n, total += __builtin_convertvector(load(x + i, k), vd););
  return sum_lanes_double(&total);
}

static double k_sum_of_squares(const float *x, size_t n) {
  vd total = 0;
  FOR_VECTORS(n, const vd v = __builtin_convertvector(load(x + i, k), vd);
              total = __builtin_elementwise_fma(v, v, total););
  return sum_lanes_double(&total);
}

static float k_max(const float *x, size_t n) {
  vf largest = -INFINITY;
  FOR_VECTORS(n, largest = larger(keep(load(x + i, k), k, -INFINITY), largest););
  return max_lanes(largest);
}

static int k_all_finite(const float *x, size_t n) {
  vi infinite = 0;
  FOR_VECTORS(n, infinite |= ((vi)load(x + i, k) & 0x7f800000) == 0x7f800000;);
  return __builtin_reduce_or(infinite) == 0;
}

/// Defines a kernel that sums a product over two arrays. `term` is the two factors, expressed by the vectors a and b. Four sums
/// hide the latency of the additions.
#define DOT(kernel, term)                                                                                              \
  static float k_##kernel(const float *left, const float *right, size_t n) {                                           \
    vf total[4] = {0, 0, 0, 0};                                                                                        \
    const size_t blocks = n / (4 * LANES) * (4 * LANES);                                                               \
    for (size_t j = 0; j < blocks; j += 4 * LANES)                                                                     \
      _Pragma("clang loop unroll(full)") for (int s = 0; s < 4; s++) {                                                 \
        const vf a = load(left + j + s * LANES, LANES), b = load(right + j + s * LANES, LANES);                        \
        total[s] = fma_(term, total[s]);                                                                               \
      }                                                                                                                \
    FOR_VECTORS(n - blocks, const vf a = load(left + blocks + i, k), b = load(right + blocks + i, k);                  \
                total[0] = fma_(term, total[0]););                                                                     \
    return sum_lanes((total[0] + total[1]) + (total[2] + total[3]));                                                   \
  }
#define PRODUCT a, b
#define SQUARED_DIFFERENCE a - b, a - b

DOT(dot, PRODUCT)
DOT(squared_l2, SQUARED_DIFFERENCE)

/// How many rows of a are multiplied with how many rows of b at once. Their sums fill the registers.
enum { tile_a = LANES == 16 ? 6 : 3, tile_b = 4 };
#define UNROLLED _Pragma("clang loop unroll(full)")

static void k_row_products(
    float *out, const float *a, const float *b, size_t a_rows, size_t b_rows, size_t n, size_t out_stride,
    size_t a_stride, size_t b_stride) {
  for (size_t q = 0; q < b_rows; q += tile_b)
    for (size_t p = 0; p < a_rows; p += tile_a) {
      // Rows beyond the end are replaced by the last row, and their results are not stored.
      const float *left[tile_a], *right[tile_b];
      UNROLLED for (size_t s = 0; s < tile_a; s++) left[s] = a + (p + s < a_rows ? p + s : a_rows - 1) * a_stride;
      UNROLLED for (size_t t = 0; t < tile_b; t++) right[t] = b + (q + t < b_rows ? q + t : b_rows - 1) * b_stride;
      vf sums[tile_a][tile_b];
      UNROLLED for (int s = 0; s < tile_a; s++) UNROLLED for (int t = 0; t < tile_b; t++) sums[s][t] = 0;
      // The rows of b come from main memory, so the next ones are prefetched while these are used.
      const size_t ahead = p == 0 ? tile_b * b_stride : 0;
      FOR_VECTORS(n, vf y[tile_b]; UNROLLED for (int t = 0; t < tile_b; t++) {
                    y[t] = load(right[t] + i, k);
                    __builtin_prefetch(right[t] + i + ahead);
                  }
                  UNROLLED for (int s = 0; s < tile_a; s++) {
                    const vf x = load(left[s] + i, k);
                    UNROLLED for (int t = 0; t < tile_b; t++) sums[s][t] = fma_(x, y[t], sums[s][t]);
                  });
      UNROLLED for (size_t s = 0; s < tile_a; s++) UNROLLED for (size_t t = 0; t < tile_b; t++)
        if (p + s < a_rows && q + t < b_rows) out[(p + s) * out_stride + q + t] = sum_lanes(sums[s][t]);
    }
}

// Rows as distributions.

INLINE float largest_scaled(const float *x, float scale, size_t n) {
  vf largest = -INFINITY;
  FOR_VECTORS(n, largest = larger(keep(load(x + i, k) * scale, k, -INFINITY), largest););
  return max_lanes(largest);
}

static void k_softmax_rows(float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, out += stride, x += stride) {
    const float largest = largest_scaled(x, scale, columns);
    vf total = 0;
    FOR_VECTORS(columns, const vf e = vexp(fma_(load(x + i, k), (vf)scale, (vf)-largest)); store(out + i, e, k);
                total += keep(e, k, 0););
    k_scale(out, out, 1 / sum_lanes(total), columns);
  }
}

static void k_log_softmax_rows(
    float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, out += stride, x += stride) {
    const float largest = largest_scaled(x, scale, columns);
    vf total = 0;
    FOR_VECTORS(columns, total += keep(vexp(fma_(load(x + i, k), (vf)scale, (vf)-largest)), k, 0););
    const float log_total = logf(sum_lanes(total));
    FOR_VECTORS(columns, store(out + i, fma_(load(x + i, k), (vf)scale, (vf)-largest) - log_total, k););
  }
}

static void k_softmax_backward_rows(
    float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, dx += stride, y += stride, dy += stride) {
    const float inner = k_dot(y, dy, columns);
    FOR_VECTORS(columns, store(dx + i, load(y + i, k) * scale * (load(dy + i, k) - inner), k););
  }
}

static void k_log_softmax_backward_rows(
    float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, dx += stride, y += stride, dy += stride) {
    const float total = row_total(dy, columns);
    FOR_VECTORS(columns, store(dx + i, fma_(vexp(load(y + i, k)), (vf)-total, load(dy + i, k)) * scale, k););
  }
}

static void k_kl_rows(float *out, const float *p, const float *log_q, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, p += columns, log_q += columns) {
    vf total = 0;
    FOR_VECTORS(columns, const vf v = load(p + i, k), term = v * (vlog(v) - load(log_q + i, k));
                total += v == 0.0f ? (vf)0.0f : term;);
    out[row] = sum_lanes(total);
  }
}

// Normalisation.

static void k_residual_layer_norm(
    float *out, float *normalised, float *mean_rstd, const float *x, const float *residual, const float *bias,
    const float *gamma, const float *beta, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    float *const y = out + row * columns;  // first holds the sum of the inputs, then the result
    const size_t start = row * columns;
    vf total = 0;
    FOR_VECTORS(columns, vf z = load_with_bias(x + start, bias, i, k);
                if (residual != NULL) z += load(residual + start + i, k); store(y + i, z, k); total += z;);
    const float mean = sum_lanes(total) / (float)columns;
    total = 0;
    FOR_VECTORS(columns, const vf d = keep(load(y + i, k) - mean, k, 0); total = fma_(d, d, total););
    const float rstd = 1 / sqrtf(sum_lanes(total) / (float)columns + epsilon);
    FOR_VECTORS(columns, const vf z = (load(y + i, k) - mean) * rstd;
                if (normalised != NULL) store(normalised + start + i, z, k);
                store(y + i, fma_(z, load(gamma + i, k), load(beta + i, k)), k););
    if (mean_rstd != NULL) {
      mean_rstd[2 * row] = mean;
      mean_rstd[2 * row + 1] = rstd;
    }
  }
}

static void k_layer_norm_backward(
    float *dx, float *dgamma, float *dbeta, const float *normalised, const float *mean_rstd, const float *gamma,
    const float *dy, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, normalised += columns) {
    vf total_g = 0, total_gx = 0;
    FOR_VECTORS(columns, const vf d = load(dy + i, k), x = load(normalised + i, k), g = d * load(gamma + i, k);
                total_g += g; total_gx = fma_(g, x, total_gx);
                if (dgamma != NULL) store(dgamma + i, fma_(d, x, load(dgamma + i, k)), k);
                if (dbeta != NULL) store(dbeta + i, load(dbeta + i, k) + d, k););
    const float rstd = mean_rstd[2 * row + 1];
    const float mean_g = sum_lanes(total_g) / (float)columns, mean_gx = sum_lanes(total_gx) / (float)columns;
    FOR_VECTORS(columns, const vf g = fma_(load(dy + i, k), load(gamma + i, k), (vf)-mean_g);
                store(dx + i, fma_(load(normalised + i, k), (vf)-mean_gx, g) * rstd, k););
  }
}

static void k_l2_normalise_rows(
    float *out, float *norms, const float *x, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, out += columns, x += columns) {
    const float length = (float)sqrt(k_sum_of_squares(x, columns)), norm = length < epsilon ? epsilon : length;
    k_scale(out, x, 1 / norm, columns);
    if (norms != NULL) norms[row] = norm;
  }
}

static void k_l2_normalise_backward_rows(
    float *dx, const float *y, const float *norms, const float *dy, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, dx += columns, y += columns, dy += columns) {
    const float inner = norms[row] <= epsilon ? 0 : k_dot(y, dy, columns), factor = 1 / norms[row];
    FOR_VECTORS(columns, store(dx + i, fma_(load(y + i, k), (vf)-inner, load(dy + i, k)) * factor, k););
  }
}

// Random numbers.

/// Runs the statements for each run of indices with the same high half. `begin` is the position of the run, `length` its length,
/// `low` a vector of the low halves of its first indices, and `stream` the words that these are mixed with.
#define FOR_RUNS(n, key, first_index, ...)                                                                             \
  for (size_t begin = 0, length; begin < (n); begin += length) {                                                       \
    const uint64_t index = (first_index) + begin, left = 0x100000000u - (uint32_t)index;                               \
    const vu low = (uint32_t)index + (vu)lane_numbers();                                                               \
    const distill_stream stream = distill_stream_of(key, (uint32_t)(index >> 32));                                     \
    length = (n) - begin < left ? (n) - begin : left;                                                                  \
    __VA_ARGS__                                                                                                        \
  }

static void k_dropout(
    float *out, const float *x, size_t n, float probability, uint64_t key, uint64_t first_index) {
  const uint32_t threshold = distill_dropout_threshold(probability);
  const float factor = 1 / (1 - probability);
  FOR_RUNS(n, key, first_index, FOR_VECTORS(length, const vu bits = random_bits(low + (uint32_t)i, stream);
                                            const vf kept = load(x + begin + i, k) * factor;
                                            store(out + begin + i, bits >= threshold ? kept : (vf)0.0f, k);););
}

static void k_random_uniform(float *out, size_t n, uint64_t key, uint64_t first_index) {
  FOR_RUNS(n, key, first_index,
           FOR_VECTORS(length, const vi bits = (vi)(random_bits(low + (uint32_t)i, stream) >> 8);
                       store(out + begin + i, __builtin_convertvector(bits, vf) * 0x1p-24f, k);););
}

// Optimiser.

static void k_adamw(
    float *parameters, const float *gradients, float *m, float *v, size_t n, float rate, float beta1, float beta2,
    float epsilon, float shrink, float correction1, float correction2, float gradient_scale) {
  const float step = rate / correction1, root = 1 / sqrtf(correction2);
  FOR_VECTORS(n, const vf g = load(gradients + i, k) * gradient_scale;
              const vf first = fma_(load(m + i, k), (vf)beta1, g * (1 - beta1));
              const vf second = fma_(load(v + i, k), (vf)beta2, g * g * (1 - beta2));
              const vf direction = first / fma_(__builtin_elementwise_sqrt(second), (vf)root, (vf)epsilon);
              store(m + i, first, k); store(v + i, second, k);
              store(parameters + i, fma_(direction, (vf)-step, load(parameters + i, k) * shrink), k););
}

// Tables.

static void k_gather_rows(float *out, const float *table, const int32_t *indices, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    memcpy(out + row * columns, table + (size_t)indices[row] * columns, columns * sizeof(float));
}

static void k_scatter_add_rows(float *table, const float *x, const int32_t *indices, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    float *const target = table + (size_t)indices[row] * columns;
    k_add(target, target, x + row * columns, columns);
  }
}

static void k_embedding_sum(
    float *out, const float *words, const float *positions, const float *types, const int32_t *ids,
    const int32_t *position_ids, const int32_t *type_ids, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, out += columns) {
    const float *const word = words + (size_t)ids[row] * columns;
    const float *const position = positions + (size_t)position_ids[row] * columns;
    const float *const type = types + (size_t)type_ids[row] * columns;
    FOR_VECTORS(columns, store(out + i, load(word + i, k) + load(position + i, k) + load(type + i, k), k););
  }
}
