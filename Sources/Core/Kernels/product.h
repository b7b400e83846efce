// Products of large matrices, for any instruction set. Each file of an instruction set includes this one after it has defined
// LANES, the number of floats in a register, and TILE and VECTORS: the sums of TILE rows by VECTORS vectors of columns are kept
// in registers.
//
// The method is that of Goto and van de Geijn 2008 ("Anatomy of high-performance matrix multiplication"). B is packed once for
// all threads, in panels as wide as a tile. Each thread packs its rows of A into memory that stays in the second-level cache.
// Every element of C is the same sum in the same order, no matter how C is divided.

enum {
  PANEL = VECTORS * LANES,
  DEPTH = 384,         // the rows of B in a panel, so that a panel stays in the nearest caches
  BLOCK = 240 / TILE,  // the tiles of A that are packed at once
  GROUP = 16,          // the neighbours along a row of A that are packed together: a cache line
};

#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

typedef float quad __attribute__((ext_vector_type(4), aligned(4), may_alias));

/// Transposes a block of 4 × 4 numbers. The rows of x are `x_stride` apart, those of `out` are PANEL apart.
INLINE void transpose_four(float *out, const float *x, size_t x_stride) {
  const quad a = *(const quad *)x, b = *(const quad *)(x + x_stride), c = *(const quad *)(x + 2 * x_stride),
             d = *(const quad *)(x + 3 * x_stride);
  const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const quad AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(quad *)out = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(quad *)(out + PANEL) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(quad *)(out + 2 * PANEL) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
  *(quad *)(out + 3 * PANEL) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

static void k_pack_panels(
    float *out, const float *b, size_t columns, size_t depth, size_t stride, int transposed) {
  for (size_t column = 0; column < columns; column += PANEL, out += PANEL * depth) {
    const size_t count = least(PANEL, columns - column), step = transposed ? 1 : stride, next = transposed ? stride : 1;
    const float *const x = b + column * next;
    size_t p = 0;
    if (count == PANEL && transposed) {
      for (; depth - p >= 4; p += 4)
        for (size_t i = 0; i < PANEL; i += 4) transpose_four(out + p * PANEL + i, x + i * stride + p, stride);
    } else if (count == PANEL) {
      for (; p < depth; p++) memcpy(out + p * PANEL, x + p * stride, PANEL * sizeof *out);
    }
    for (; p < depth; p++)
      for (size_t i = 0; i < PANEL; i++) out[p * PANEL + i] = i < count ? x[p * step + i * next] : 0;
  }
}

/// Packs rows of A, tile by tile. Within a tile the columns are in groups, which hold GROUP numbers of the first row, then of the
/// second, and so on. Missing rows of the last tile are filled with zeros.
INLINE void pack_rows(float *out, const float *a, size_t rows, size_t depth, size_t stride) {
  const size_t size = (depth + GROUP - 1) / GROUP * GROUP * TILE;
  for (size_t row = 0; row < rows; row += TILE, out += size)
    for (size_t r = 0; r < TILE; r++) {
      const float *const x = a + (row + r) * stride;
      size_t p = 0;
      if (row + r < rows)
        for (; depth - p >= GROUP; p += GROUP) memcpy(out + p * TILE + r * GROUP, x + p, GROUP * sizeof *out);
      for (; p < depth; p++) out[p / GROUP * GROUP * TILE + r * GROUP + p % GROUP] = row + r < rows ? x[p] : 0;
    }
}

/// Packs rows of a transposed A, tile by tile: the TILE numbers of the first column, then of the second, and so on.
INLINE void pack_columns(float *out, const float *a, size_t rows, size_t depth, size_t stride) {
  const size_t size = (depth + GROUP - 1) / GROUP * GROUP * TILE;
  for (size_t p = 0; p < depth; p++, a += stride, out += TILE)
    for (size_t row = 0; row < rows; row += TILE) {
      float *const to = out + row / TILE * size;
      if (rows - row >= TILE)
        memcpy(to, a + row, TILE * sizeof *out);
      else
        for (size_t r = 0; r < TILE; r++) to[r] = row + r < rows ? a[row + r] : 0;
    }
}

/// The position of a tile of C, and the number of rows and columns of it that exist.
typedef struct {
  float *c;
  size_t stride, rows, columns;
  float beta;
} target;

/// Calculates a tile of C. In the packed A the distance from row to row is `row`, and from column to column `step`.
INLINE void tile(target to, const float *a, const size_t row, const size_t step, const float *b, size_t depth) {
  vf sums[TILE][VECTORS];
  UNROLLED for (size_t r = 0; r < TILE; r++) UNROLLED for (size_t v = 0; v < VECTORS; v++) sums[r][v] = (vf)0.0f;
  for (size_t start = 0; start < depth; start += GROUP) {
    const float *x = a + start * TILE;
    for (size_t p = start; p < least(start + GROUP, depth); p++, x += step, b += PANEL) {
      vf y[VECTORS];
      UNROLLED for (size_t v = 0; v < VECTORS; v++) y[v] = load(b + v * LANES, LANES);
      UNROLLED for (size_t r = 0; r < TILE; r++)
        UNROLLED for (size_t v = 0; v < VECTORS; v++) sums[r][v] = fma_((vf)x[r * row], y[v], sums[r][v]);
    }
  }
  UNROLLED for (size_t r = 0; r < TILE; r++) UNROLLED for (size_t v = 0; v < VECTORS; v++)
    if (r < to.rows && v * LANES < to.columns) {
      const size_t k = to.columns - v * LANES;
      float *const c = to.c + r * to.stride + v * LANES;
      store(c, to.beta == 0 ? sums[r][v] : fma_(load(c, k), (vf)to.beta, sums[r][v]), k);
    }
}

static void k_panel_product(
    float *c, const float *a, const float *panels, float *scratch, size_t rows, size_t columns, size_t depth,
    size_t c_stride, size_t a_stride, int transposed, float beta) {
  const size_t padded = (depth + GROUP - 1) / GROUP * GROUP;
  for (size_t block = 0; block < rows; block += BLOCK * TILE) {
    const size_t some = least(BLOCK * TILE, rows - block);
    if (transposed)
      pack_columns(scratch, a + block, some, depth, a_stride);
    else
      pack_rows(scratch, a + block * a_stride, some, depth, a_stride);
    for (size_t column = 0; column < columns; column += PANEL)
      for (size_t row = 0; row < some; row += TILE) {
        const target to = {c + (block + row) * c_stride + column, c_stride, some - row, columns - column, beta};
        if (transposed)
          tile(to, scratch + row * padded, 1, TILE, panels + column * depth, depth);
        else
          tile(to, scratch + row * padded, GROUP, 1, panels + column * depth, depth);
      }
  }
}

#define DISTILL_PRODUCT .tile = TILE, .panel = PANEL, .depth = DEPTH, .scratch = BLOCK *TILE *DEPTH
