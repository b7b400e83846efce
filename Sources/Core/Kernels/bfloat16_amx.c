#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bfloat16_variants.h"

static int has_amx(unsigned kind) {
#if defined(__linux__)
  enum { AMX_TILE = 1 << 24, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & kind) || !(d & AMX_TILE)) return 0;
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  (void)kind;
  return 0;
#endif
}

int distill_amx_is_here(void) { return has_amx(1 << 22); }
int distill_amx_int8_is_here(void) { return has_amx(1 << 25); }

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma,amx-tile,amx-bf16"))),                    \
    apply_to = function)

#define GROUP 16
#include "bfloat16_pack.h"

/// A tile register has 16 rows of 64 bytes: 16 rows of C, or of 16 pairs of A, or 16 pairs of B with 16 columns each.
enum { TILE = 16, WORDS = TILE * TILE };
/// The rows of A that are multiplied with one panel of B before the next one. Measured: 32 and 256 rows are slower.
enum { BLOCK = 4 * TILE };

/// Packs rows of A as the tile registers hold them: TILE rows, of which GROUP pairs after another.
static void pack_left(void *packed, const float *a, size_t rows, size_t depth, size_t stride, int transposed) {
  uint32_t *out = packed;
  for (size_t row = 0; row < rows; row += TILE)
    for (size_t p = 0; p < pairs_of(depth); p += GROUP, out += WORDS) {
      __m512i block[TILE];
      if (transposed) {
        UNROLLED for (size_t i = 0; i < GROUP; i++)
          block[i] = pair_of_columns(a + row, least(rows - row, TILE), p + i, depth, stride);
        transpose(block);
      } else {
        UNROLLED for (size_t r = 0; r < TILE; r++)
          block[r] = rounded(a + (row + r) * stride + 2 * p, row + r < rows ? depth - 2 * p : 0);
      }
      UNROLLED for (size_t r = 0; r < TILE; r++) _mm512_storeu_si512(out + r * GROUP, block[r]);
    }
}

/// The position of a block of C, and the number of rows and columns of it that exist.
typedef struct {
  float *c;
  size_t stride, rows, columns;
  float beta;
} target;

/// Calculates PANEL columns of C for as many rows as `two` tiles of A have, or one.
INLINE void tiles(const int two, target to, const uint32_t *a, const uint32_t *b, size_t pairs) {
  _tile_zero(0), _tile_zero(1);
  if (two) _tile_zero(2), _tile_zero(3);
  for (size_t p = 0; p < pairs; p += GROUP, a += WORDS, b += GROUP * PANEL) {
    _tile_loadd(4, a, GROUP * sizeof *a);
    _tile_loadd(6, b, PANEL * sizeof *b);
    _tile_loadd(7, b + LANES, PANEL * sizeof *b);
    _tile_dpbf16ps(0, 4, 6), _tile_dpbf16ps(1, 4, 7);
    if (two) {
      _tile_loadd(5, a + TILE * pairs, GROUP * sizeof *a);
      _tile_dpbf16ps(2, 5, 6), _tile_dpbf16ps(3, 5, 7);
    }
  }
  const size_t rows = two ? 2 * TILE : TILE;
  const int direct = to.beta == 0 && to.rows >= rows && to.columns >= PANEL;
  float sums[2 * TILE * PANEL];
  float *const out = direct ? to.c : sums;
  const size_t step = direct ? to.stride : PANEL, bytes = step * sizeof *out;
  _tile_stored(0, out, bytes), _tile_stored(1, out + LANES, bytes);
  if (two) _tile_stored(2, out + TILE * step, bytes), _tile_stored(3, out + TILE * step + LANES, bytes);
  if (direct) return;
  for (size_t r = 0; r < least(rows, to.rows); r++)
    for (size_t i = 0; i < least(PANEL, to.columns); i += LANES) {
      const __mmask16 these = first(to.columns - i);
      float *const c = to.c + r * to.stride + i;
      __m512 sum = _mm512_loadu_ps(sums + r * PANEL + i);
      if (to.beta != 0) sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(these, c), _mm512_set1_ps(to.beta), sum);
      _mm512_mask_storeu_ps(c, these, sum);
    }
}

static void product(
    float *c, const void *packed_a, const void *packed_b, size_t rows, size_t columns, size_t depth, size_t stride,
    int transposed, float beta) {
  (void)transposed;  // both kinds of A are packed alike
  const uint32_t *const a = packed_a, *const b = packed_b;
  const size_t pairs = pairs_of(depth);
  static const struct __attribute__((packed, aligned(64))) {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shapes = {
      .palette = 1, .bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {TILE, TILE, TILE, TILE, TILE, TILE, TILE, TILE}};
  _tile_loadconfig(&shapes);
  for (size_t block = 0; block < rows; block += BLOCK)
    for (size_t column = 0; column < columns; column += PANEL)
      for (size_t row = block; row < least(rows, block + BLOCK); row += 2 * TILE) {
        const target to = {c + row * stride + column, stride, rows - row, columns - column, beta};
        if (to.rows > TILE)
          tiles(1, to, a + row * pairs, b + column * pairs, pairs);
        else
          tiles(0, to, a + row * pairs, b + column * pairs, pairs);
      }
  _tile_release();
}

#pragma clang attribute pop

const distill_bfloat16_kernels distill_bfloat16_amx = {
    .name = "amx", .tile = TILE, .panel = PANEL, .group = GROUP,
    .pack_left = pack_left, .pack_right = pack_right, .product = product};

#endif
