// The kernels in their simplest form: scalar loops, the functions of libm, and sums in double precision. They are the reference
// that the other variants are tested against, and run on processors that have none of the other instruction sets.

#include <math.h>
#include <string.h>

#include "variants.h"

static void k_add(float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

static void k_sub(float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] - b[i];
}

static void k_mul(float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

static void k_div(float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] / b[i];
}

static void k_scale(float *out, const float *a, float factor, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] * factor;
}

static void k_add_scalar(float *out, const float *a, float term, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + term;
}

static void k_axpy(float *y, float factor, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static void k_mul_accumulate(float *y, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += a[i] * b[i];
}

static void k_fill(float *out, float value, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = value;
}

static void k_exp(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = expf(a[i]);
}

static void k_log(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = logf(a[i]);
}

static void k_tanh(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = tanhf(a[i]);
}

static void k_sqrt(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = sqrtf(a[i]);
}

static void k_reciprocal(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = 1 / a[i];
}

static void k_abs(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = fabsf(a[i]);
}

static void k_sign(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = (float)((a[i] > 0) - (a[i] < 0));
}

static void k_relu(float *out, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] < 0 ? 0 : a[i];
}

static void k_relu_backward(float *dx, const float *y, const float *dy, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

static void k_tanh_backward(float *dx, const float *y, const float *dy, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

static double normal_cdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }

static double normal_density(double x) { return exp(-0.5 * x * x) * 0.5 * M_2_SQRTPI * M_SQRT1_2; }

static float with_bias(const float *x, const float *bias, size_t i, size_t column) {
  return bias == NULL ? x[i] : x[i] + bias[column];
}

static void k_bias_gelu(
    float *out, float *pre, const float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) {
    const float z = with_bias(x, bias, i, i % columns);
    if (pre != NULL) pre[i] = z;
    out[i] = (float)(z * normal_cdf(z));
  }
}

static void k_gelu_backward(float *dx, const float *pre, const float *dy, size_t n) {
  for (size_t i = 0; i < n; i++) dx[i] = (float)(dy[i] * (normal_cdf(pre[i]) + pre[i] * normal_density(pre[i])));
}

static double tanh_argument(double x) { return sqrt(M_2_PI) * (x + 0.044715 * x * x * x); }

static void k_bias_gelu_tanh(
    float *out, float *pre, const float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) {
    const float z = with_bias(x, bias, i, i % columns);
    if (pre != NULL) pre[i] = z;
    out[i] = (float)(0.5 * z * (1 + tanh(tanh_argument(z))));
  }
}

static void k_gelu_tanh_backward(float *dx, const float *pre, const float *dy, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double x = pre[i], t = tanh(tanh_argument(x));
    const double slope = sqrt(M_2_PI) * (1 + 3 * 0.044715 * x * x);
    dx[i] = (float)(dy[i] * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope));
  }
}

static void k_bias_tanh(float *out, const float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) out[i] = tanhf(with_bias(x, bias, i, i % columns));
}

static void k_bias_add(float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows * columns; i++) x[i] += bias[i % columns];
}

static void k_column_sum_accumulate(float *sums, const float *x, size_t rows, size_t columns, size_t stride) {
  for (size_t column = 0; column < columns; column++) {
    double total = sums[column];
    for (size_t row = 0; row < rows; row++) total += x[row * stride + column];
    sums[column] = (float)total;
  }
}

static double k_sum(const float *x, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += x[i];
  return total;
}

static void k_row_sum(float *out, const float *x, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++) out[row] = (float)k_sum(x + row * stride, columns);
}

static double k_sum_of_squares(const float *x, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += (double)x[i] * x[i];
  return total;
}

static float k_max(const float *x, size_t n) {
  float largest = -INFINITY;
  for (size_t i = 0; i < n; i++)
    if (x[i] > largest) largest = x[i];
  return largest;
}

static int k_all_finite(const float *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return 0;
  return 1;
}

static double dot(const float *a, const float *b, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += (double)a[i] * b[i];
  return total;
}

static float k_dot(const float *a, const float *b, size_t n) { return (float)dot(a, b, n); }

static float k_squared_l2(const float *a, const float *b, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; i++) total += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
  return (float)total;
}

static void k_row_products(
    float *out, const float *a, const float *b, size_t a_rows, size_t b_rows, size_t n, size_t out_stride,
    size_t a_stride, size_t b_stride) {
  for (size_t p = 0; p < a_rows; p++)
    for (size_t q = 0; q < b_rows; q++) out[p * out_stride + q] = k_dot(a + p * a_stride, b + q * b_stride, n);
}

// The product uses panels of 16 columns, one row at a time, and needs no working memory.
#define DISTILL_PRODUCT .tile = 1, .panel = 16, .depth = 384, .scratch = 1

static void k_pack_panels(
    float *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed) {
  for (size_t column = 0; column < columns; column += 16)
    for (size_t p = 0; p < depth; p++)
      for (size_t i = column; i < column + 16; i++)
        *out++ = i >= columns ? 0 : transposed ? b[i * stride + p] : b[p * stride + i];
}

static void k_panel_product(
    float *c, const float *a, const float *panels, float *scratch, size_t rows, size_t columns, size_t depth,
    size_t c_stride, size_t a_stride, int transposed, float beta) {
  (void)scratch;
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < columns; column += 16) {
      float sums[16] = {0};
      for (size_t p = 0; p < depth; p++)
        for (size_t i = 0; i < 16; i++)
          sums[i] += (transposed ? a[p * a_stride + row] : a[row * a_stride + p]) * panels[column * depth + p * 16 + i];
      for (size_t i = 0; i < 16 && column + i < columns; i++) {
        float *const to = c + row * c_stride + column + i;
        *to = beta == 0 ? sums[i] : beta * *to + sums[i];
      }
    }
}

/// Returns the largest scaled logit m, and log Σ exp(scale · x − m), which cannot overflow.
static void log_sum_exp(const float *x, float scale, size_t n, double *largest, double *log_sum) {
  *largest = -INFINITY;
  for (size_t i = 0; i < n; i++) *largest = fmax(*largest, (double)scale * x[i]);
  double total = 0;
  for (size_t i = 0; i < n; i++) total += exp((double)scale * x[i] - *largest);
  *log_sum = log(total);
}

static void k_log_softmax_rows(
    float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, out += stride, x += stride) {
    double largest, log_sum;
    log_sum_exp(x, scale, columns, &largest, &log_sum);
    for (size_t i = 0; i < columns; i++) out[i] = (float)((double)scale * x[i] - largest - log_sum);
  }
}

static void k_softmax_rows(float *out, const float *x, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, out += stride, x += stride) {
    double largest, log_sum;
    log_sum_exp(x, scale, columns, &largest, &log_sum);
    for (size_t i = 0; i < columns; i++) out[i] = (float)exp((double)scale * x[i] - largest - log_sum);
  }
}

static void k_softmax_backward_rows(
    float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, dx += stride, y += stride, dy += stride) {
    const double inner = dot(dy, y, columns);
    for (size_t i = 0; i < columns; i++) dx[i] = (float)(scale * y[i] * (dy[i] - inner));
  }
}

static void k_log_softmax_backward_rows(
    float *dx, const float *y, const float *dy, float scale, size_t rows, size_t columns, size_t stride) {
  for (size_t row = 0; row < rows; row++, dx += stride, y += stride, dy += stride) {
    const double total = k_sum(dy, columns);
    for (size_t i = 0; i < columns; i++) dx[i] = (float)(scale * (dy[i] - exp(y[i]) * total));
  }
}

static void k_kl_rows(float *out, const float *p, const float *log_q, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, p += columns, log_q += columns) {
    double total = 0;
    for (size_t i = 0; i < columns; i++)
      if (p[i] != 0) total += p[i] * (log(p[i]) - log_q[i]);
    out[row] = (float)total;
  }
}

static void k_residual_layer_norm(
    float *out, float *normalised, float *mean_rstd, const float *x, const float *residual, const float *bias,
    const float *gamma, const float *beta, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    const size_t start = row * columns;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < columns; i++) {
      const float z = with_bias(x, bias, start + i, i);
      out[start + i] = residual == NULL ? z : z + residual[start + i];
      mean += out[start + i];
    }
    mean /= (double)columns;
    for (size_t i = 0; i < columns; i++) variance += (out[start + i] - mean) * (out[start + i] - mean);
    const double rstd = 1 / sqrt(variance / (double)columns + epsilon);
    for (size_t i = 0; i < columns; i++) {
      const double scaled = (out[start + i] - mean) * rstd;
      if (normalised != NULL) normalised[start + i] = (float)scaled;
      out[start + i] = (float)(gamma[i] * scaled + beta[i]);
    }
    if (mean_rstd != NULL) {
      mean_rstd[2 * row] = (float)mean;
      mean_rstd[2 * row + 1] = (float)rstd;
    }
  }
}

static void k_layer_norm_backward(
    float *dx, float *dgamma, float *dbeta, const float *normalised, const float *mean_rstd, const float *gamma,
    const float *dy, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, normalised += columns) {
    double mean_g = 0, mean_gx = 0;
    for (size_t i = 0; i < columns; i++) {
      mean_g += (double)dy[i] * gamma[i];
      mean_gx += (double)dy[i] * gamma[i] * normalised[i];
      if (dgamma != NULL) dgamma[i] += dy[i] * normalised[i];
      if (dbeta != NULL) dbeta[i] += dy[i];
    }
    mean_g /= (double)columns;
    mean_gx /= (double)columns;
    for (size_t i = 0; i < columns; i++)
      dx[i] = (float)(mean_rstd[2 * row + 1] * ((double)dy[i] * gamma[i] - mean_g - normalised[i] * mean_gx));
  }
}

static void k_l2_normalise_rows(
    float *out, float *norms, const float *x, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, out += columns, x += columns) {
    const double length = sqrt(k_sum_of_squares(x, columns)), norm = length < epsilon ? epsilon : length;
    for (size_t i = 0; i < columns; i++) out[i] = (float)(x[i] / norm);
    if (norms != NULL) norms[row] = (float)norm;
  }
}

static void k_l2_normalise_backward_rows(
    float *dx, const float *y, const float *norms, const float *dy, float epsilon, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++, dx += columns, y += columns, dy += columns) {
    const double inner = norms[row] <= epsilon ? 0 : dot(y, dy, columns);
    for (size_t i = 0; i < columns; i++) dx[i] = (float)((dy[i] - y[i] * inner) / norms[row]);
  }
}

static void k_dropout(
    float *out, const float *x, size_t n, float probability, uint64_t key, uint64_t first_index) {
  const uint32_t threshold = distill_dropout_threshold(probability);
  const float factor = 1 / (1 - probability);
  for (size_t i = 0; i < n; i++) out[i] = distill_random(key, first_index + i) >= threshold ? x[i] * factor : 0;
}

static void k_random_uniform(float *out, size_t n, uint64_t key, uint64_t first_index) {
  for (size_t i = 0; i < n; i++) out[i] = (float)(distill_random(key, first_index + i) >> 8) * 0x1p-24f;
}

static void k_adamw(
    float *parameters, const float *gradients, float *m, float *v, size_t n, float rate, float beta1, float beta2,
    float epsilon, float shrink, float correction1, float correction2, float gradient_scale) {
  for (size_t i = 0; i < n; i++) {
    const float g = gradients[i] * gradient_scale;
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    const float step = m[i] / correction1 / (sqrtf(v[i] / correction2) + epsilon);
    parameters[i] = parameters[i] * shrink - rate * step;
  }
}

static void k_gather_rows(float *out, const float *table, const int32_t *indices, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    memcpy(out + row * columns, table + (size_t)indices[row] * columns, columns * sizeof(float));
}

static void k_scatter_add_rows(float *table, const float *x, const int32_t *indices, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    for (size_t i = 0; i < columns; i++) table[(size_t)indices[row] * columns + i] += x[row * columns + i];
}

static void k_embedding_sum(
    float *out, const float *words, const float *positions, const float *types, const int32_t *ids,
    const int32_t *position_ids, const int32_t *type_ids, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    for (size_t i = 0; i < columns; i++)
      out[row * columns + i] = words[(size_t)ids[row] * columns + i] +
                               positions[(size_t)position_ids[row] * columns + i] +
                               types[(size_t)type_ids[row] * columns + i];
}

const distill_kernels distill_kernels_plain = DISTILL_TABLE("plain");
