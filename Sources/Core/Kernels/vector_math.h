// Vectors of LANES floats and mathematical functions on them. One file per instruction set includes this one. It defines LANES,
// the type `native` of its registers, and `load_some` and `store_some`, which access less than a full register.
//
// The polynomials are our own minimax fits (Remez exchange with 40 digits). The stated errors are those of the exact polynomial,
// before any rounding.

#include <math.h>

#include "variants.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef uint32_t vu __attribute__((ext_vector_type(LANES)));
typedef double vd __attribute__((ext_vector_type(LANES)));
typedef float vf_unaligned __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

/// Runs the statements for i = 0, LANES, 2·LANES, ... with k = LANES, and once more if there is a rest of k < LANES elements.
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

/// Returns the first k elements at p. The other lanes are 0.
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

/// Returns the first k lanes of v. The other lanes are `other`.
INLINE vf keep(vf v, size_t k, float other) { return k >= LANES ? v : lane_numbers() < (vi)(int32_t)k ? v : (vf)other; }

INLINE vf fma_(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }

/// Returns the larger of each two lanes, and that of b if either is NaN. The vector instructions do the same.
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

/// Takes a pointer, because LANES doubles do not fit in one register and passing them would depend on the instruction set.
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
  // Beyond these limits the result is 0 or ∞ in any case. NaN fails both comparisons and is kept.
  x = x < -104.0f ? (vf)-104.0f : x;
  x = x > 89.0f ? (vf)89.0f : x;
  // Adding 1.5 · 2²³ rounds to an integer, which is then in the low bits of the sum.
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
  // 2^n is split into two factors, because n may be outside the range of a normal number's exponent.
  const vi exponent = (vi)shifted - (vi)rounder;
  const vi first = exponent >> 1;
  return p * (vf)((first + 127) << 23) * (vf)((exponent - first + 127) << 23);
}

/// log x = e · ln 2 + log m with m in [√½, √2), and log(1 + f) = f − f²/2 + f³·Q(f) (relative error 6e-9).
INLINE vf vlog(vf x) {
  const vi subnormal = x < 0x1p-126f;
  // 0x3f3504f3 is √½. Subtracting its bits puts the mantissa m in [√½, √2), where f is small.
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

/// tanh x = x + x³·P(x²) for |x| < 5/8 (relative error 5e-9), and sign(x) · (1 − 2 / (e^2|x| + 1)) otherwise.
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

/// Φ(x), given bell(x). The tail Φ(−|x|) is bell(x) · t · Q(t) with t = 1 / (1 + 0.35·|x|), where t · Q(t) is the Mills ratio
/// divided by √2π. Its relative error is 3e-8 for |x| ≤ 14, beyond which float32 underflows. The far tail therefore keeps its
/// digits, which 1 + erf(x) would lose by cancellation.
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

/// 2u = 2 √(2/π) · (x + 0.044715·x³). "gelu_new" approximates Φ(x) by ½(1 + tanh u), which is 1 / (1 + e^−2u).
INLINE vf approximate_logit(vf x) { return x * 1.5957691216f * fma_(x * x, (vf)0.044715f, (vf)1.0f); }

/// The random bits of a vector of indices with a common high half; see variants.h.
INLINE vu random_bits(vu low_index, distill_stream stream) {
  DISTILL_MIX(low_index, stream);
  return low_index;
}
