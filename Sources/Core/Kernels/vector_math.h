// Vectors of LANES floats and the functions of mathematics on them. Included by one file per instruction set, which
// defines LANES, the type `native` of its registers, and `load_some` and `store_some` for less than a full register.
//
// The polynomials are minimax fits of our own (Remez exchange in 40 digits); the errors given are those of the exact
// polynomial, in front of rounding.

#include <math.h>

#include "variants.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef uint32_t vu __attribute__((ext_vector_type(LANES)));
typedef double vd __attribute__((ext_vector_type(LANES)));
typedef float vf_unaligned __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

/// Runs the statements for i = 0, LANES, 2·LANES, ... with k = LANES, and once more with the k elements that remain.
#define FOR_VECTORS(n, ...)                                                                                            \
  do {                                                                                                                 \
    size_t i = 0;                                                                                                      \
    for (; (n) - i >= LANES; i += LANES) {                                                                             \
      const size_t k = LANES;                                                                                          \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
    if (i < (n)) {                                                                                                     \
      const size_t k = (n) - i;                                                                                        \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  } while (0)

/// The first k elements; the other lanes are 0.
INLINE vf load(const float *p, size_t k) { return k >= LANES ? *(const vf_unaligned *)p : (vf)load_some(p, k); }

INLINE void store(float *p, vf v, size_t k) {
  if (k >= LANES)
    *(vf_unaligned *)p = v;
  else
    store_some(p, (native)v, k);
}

INLINE vi lane_numbers(void) {
  static const int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  vi lanes;
  __builtin_memcpy(&lanes, numbers, sizeof lanes);
  return lanes;
}

/// The first k lanes of v; the others become `other`.
INLINE vf keep(vf v, size_t k, float other) { return k >= LANES ? v : lane_numbers() < (vi)(int32_t)k ? v : (vf)other; }

INLINE vf fma_(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }

/// Where a lane of b is NaN the lane is b's, as the vector instructions do it.
INLINE vf larger(vf a, vf b) { return a > b ? a : b; }

#if LANES == 16
#define FOLD(v, join)                                                                                                  \
  const __auto_type half = join((v).lo, (v).hi);                                                                       \
  const __auto_type quarter = join(half.lo, half.hi);                                                                  \
  const __auto_type pair = join(quarter.lo, quarter.hi)
#elif LANES == 8
#define FOLD(v, join)                                                                                                  \
  const __auto_type quarter = join((v).lo, (v).hi);                                                                    \
  const __auto_type pair = join(quarter.lo, quarter.hi)
#else
#define FOLD(v, join) const __auto_type pair = join((v).lo, (v).hi)
#endif
#define JOIN_SUM(a, b) ((a) + (b))
#define JOIN_MAX(a, b) ((a) > (b) ? (a) : (b))

INLINE float sum_lanes(vf v) {
  FOLD(v, JOIN_SUM);
  return pair.x + pair.y;
}

/// By pointer, because there need not be a register of LANES doubles.
INLINE double sum_lanes_double(const vd *v) {
  FOLD(*v, JOIN_SUM);
  return pair.x + pair.y;
}

INLINE float max_lanes(vf v) {
  FOLD(v, JOIN_MAX);
  return JOIN_MAX(pair.x, pair.y);
}

/// e^x = 2^n · e^r with |r| ≤ ½ ln 2, and e^r = 1 + r + r²·P(r) (relative error 3e-9).
INLINE vf vexp(vf x) {
  // Beyond these the result is 0 or ∞ anyway. NaN passes both comparisons.
  x = x < -104.0f ? (vf)-104.0f : x;
  x = x > 89.0f ? (vf)89.0f : x;
  // Adding 1.5 · 2²³ rounds to an integer and leaves it in the low bits.
  const vf rounder = 0x1.8p23f;
  const vf shifted = fma_(x, (vf)0x1.715476p0f, rounder);
  const vf n = shifted - rounder;
  vf r = fma_(n, (vf)-0x1.62e430p-1f, x);
  r = fma_(n, (vf)0x1.05c610p-29f, r);
  vf p = 0x1.6a2438p-10f;
  p = fma_(p, r, (vf)0x1.1239e2p-7f);
  p = fma_(p, r, (vf)0x1.5558f2p-5f);
  p = fma_(p, r, (vf)0x1.555492p-3f);
  p = fma_(p, r, (vf)0x1.fffffcp-2f);
  p = fma_(p, r * r, r) + 1.0f;
  // 2^n in two factors, because n itself may lie outside the exponents of normal numbers.
  const vi exponent = (vi)shifted - (vi)rounder;
  const vi first = exponent >> 1;
  return p * (vf)((first + 127) << 23) * (vf)((exponent - first + 127) << 23);
}

/// log x = e · ln 2 + log m with m in [√½, √2), and log(1 + f) = f − f²/2 + f³·Q(f) (relative error 6e-9).
INLINE vf vlog(vf x) {
  const vi subnormal = x < 0x1p-126f;
  const vi bits = (vi)(subnormal ? x * 0x1p23f : x) - 0x3f3504f3;
  const vf e = __builtin_convertvector(bits >> 23, vf) - (subnormal ? (vf)23.0f : (vf)0.0f);
  const vf f = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
  vf q = -0x1.38b596p-4f;
  q = fma_(q, f, (vf)0x1.055b68p-3f);
  q = fma_(q, f, (vf)-0x1.0d853cp-3f);
  q = fma_(q, f, (vf)0x1.22da1ep-3f);
  q = fma_(q, f, (vf)-0x1.547246p-3f);
  q = fma_(q, f, (vf)0x1.99a008p-3f);
  q = fma_(q, f, (vf)-0x1.000226p-2f);
  q = fma_(q, f, (vf)0x1.555554p-2f);
  const vf square = f * f;
  vf low = fma_(q, square * f, square * -0.5f);
  low = fma_(e, (vf)-0x1.05c610p-29f, low);
  vf result = fma_(e, (vf)0x1.62e430p-1f, f + low);
  result = x == INFINITY ? x : result;
  const vf outside = x == 0.0f ? (vf)-INFINITY : (vf)NAN;
  return x > 0.0f ? result : outside;
}

/// x + x³·P(x²) below 5/8 (relative error 5e-9), 1 − 2 / (e^2|x| + 1) above.
INLINE vf vtanh(vf x) {
  const vf magnitude = __builtin_elementwise_abs(x), square = x * x;
  vf p = -0x1.75e1dcp-8f;
  p = fma_(p, square, (vf)0x1.5226a0p-6f);
  p = fma_(p, square, (vf)-0x1.b83c5ap-5f);
  p = fma_(p, square, (vf)0x1.110726p-3f);
  p = fma_(p, square, (vf)-0x1.555532p-2f);
  const vf small = fma_(p * square, x, x);
  const vf large = 1.0f - 2.0f / (vexp(magnitude * 2.0f) + 1.0f);
  return magnitude < 0.625f ? small : __builtin_elementwise_copysign(large, x);
}

/// e^(−x²/2), which is √2π times the density of the normal distribution.
INLINE vf bell(vf x) { return vexp(x * x * -0.5f); }

/// Φ(x), given bell(x). The tail Φ(−|x|) is bell(x) · t · Q(t) with t = 1 / (1 + 0.35·|x|): Q is the Mills ratio, whose
/// relative error of 3e-8 (for |x| ≤ 14, where float32 ends) keeps the far tail right, which 1 + erf(x) would not.
INLINE vf normal_cdf(vf x, vf bell_of_x) {
  const vf t = 1.0f / fma_(__builtin_elementwise_abs(x), (vf)0.35f, (vf)1.0f);
  vf q = -0x1.dd86d4p-6f;
  q = fma_(q, t, (vf)0x1.26da98p-3f);
  q = fma_(q, t, (vf)-0x1.05d9ecp-2f);
  q = fma_(q, t, (vf)0x1.45fd06p-3f);
  q = fma_(q, t, (vf)-0x1.7aa140p-6f);
  q = fma_(q, t, (vf)0x1.b0291ep-4f);
  q = fma_(q, t, (vf)0x1.ead5e2p-4f);
  q = fma_(q, t, (vf)0x1.1e6fe6p-3f);
  q = fma_(q, t, (vf)0x1.1df1d4p-3f);
  const vf tail = bell_of_x * t * q;
  return x < 0.0f ? tail : 1.0f - tail;
}

/// 2u = 2 √(2/π) · (x + 0.044715·x³): the approximation of Φ(x) in "gelu_new" is ½(1 + tanh u) = 1 / (1 + e^−2u).
INLINE vf approximate_logit(vf x) { return x * 1.5957691216f * fma_(x * x, (vf)0.044715f, (vf)1.0f); }

INLINE vu random_bits(vu low_index, distill_stream stream) {
  DISTILL_MIX(low_index, stream);
  return low_index;
}
