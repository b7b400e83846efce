// Rounding to bfloat16 and packing, for all kernels that multiply such numbers. A file includes this one after it has defined
// GROUP: the number of pairs of a packed row or column is filled up with zeros to a multiple of it.

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

/// The numbers of a register, and the columns of B in a panel.
enum { LANES = 16, PANEL = 2 * LANES };

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }
INLINE __mmask16 first(size_t k) { return k < LANES ? (__mmask16)((1u << k) - 1) : 0xffff; }
INLINE __m512 load_first(const float *x, size_t k) { return _mm512_maskz_loadu_ps(first(k), x); }

/// Returns the first k of 32 numbers, rounded to bfloat16 and in the same order. The others are zero.
INLINE __m512i rounded(const float *x, size_t k) {
  return (__m512i)_mm512_cvtne2ps_pbh(
      k > LANES ? load_first(x + LANES, k - LANES) : _mm512_setzero_ps(), load_first(x, k));
}

/// Returns the number of pairs of a packed row, which is a multiple of GROUP.
INLINE size_t pairs_of(size_t depth) { return ((depth + 1) / 2 + GROUP - 1) / GROUP * GROUP; }

/// Returns pair p of the first k of 16 columns of x, rounded to bfloat16. The others are zero, and so is what lies below x.
INLINE __m512i pair_of_columns(const float *x, size_t k, size_t p, size_t depth, size_t stride) {
  static const uint16_t order[2 * LANES] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                            8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const float *const row = x + 2 * p * stride;
  const __m512 even = load_first(row, 2 * p < depth ? k : 0);
  const __m512 odd = load_first(row + stride, 2 * p + 1 < depth ? k : 0);
  return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

/// Packs the pairs along the columns of x in strips of `width` columns. The last strip is filled up with zeros.
static void pack_columns(
    uint32_t *out, const float *x, size_t columns, size_t depth, size_t stride, size_t width) {
  // Only a few pairs of rows are packed at a time, so that the cache lines that two strips share are still cached for the second.
  const size_t pairs = pairs_of(depth), few = 4;
  for (size_t start = 0; start < pairs; start += few)
    for (size_t column = 0; column < columns; column += width)
      for (size_t p = start; p < least(start + few, pairs); p++)
        for (size_t i = 0; i < width; i += LANES) {
          const size_t k = column + i < columns ? least(columns - column - i, width - i) : 0;
          _mm512_mask_storeu_epi32(
              out + column * pairs + p * width + i, first(width - i),
              pair_of_columns(x + column + i, k, p, depth, stride));
        }
}

/// Transposes a block of 16 × 16 numbers of 32 bits in place.
INLINE void transpose(__m512i rows[LANES]) {
  __m512i t[LANES];
  UNROLLED for (int i = 0; i < LANES; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  UNROLLED for (int i = 0; i < LANES; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLLED for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0xdd);
    t[i + 12] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0xdd);
  }
  UNROLLED for (int i = 0; i < 4; i++) {
    rows[i] = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x88);
    rows[i + 4] = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xdd);
    rows[i + 12] = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xdd);
  }
}

/// Packs the pairs along the rows of x, which become the columns of panels. The last panel is filled up with zeros.
static void pack_transposed(uint32_t *out, const float *x, size_t rows, size_t depth, size_t stride) {
  const size_t pairs = pairs_of(depth);
  for (size_t row = 0; row < (rows + PANEL - 1) / PANEL * PANEL; row += LANES) {
    uint32_t *const column = out + row / PANEL * PANEL * pairs + row % PANEL;
    for (size_t i = 0; i < depth; i += 2 * LANES) {
      __m512i block[LANES];
      UNROLLED for (size_t r = 0; r < LANES; r++)
        block[r] = rounded(x + (row + r) * stride + i, row + r < rows ? depth - i : 0);
      transpose(block);
      UNROLLED for (size_t p = 0; p < LANES; p++)
        if (i / 2 + p < pairs) _mm512_storeu_si512(column + (i / 2 + p) * PANEL, block[p]);
    }
  }
}

static void pack_right(void *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed) {
  if (transposed)
    pack_transposed(out, b, columns, depth, stride);
  else
    pack_columns(out, b, columns, depth, stride, PANEL);
}
