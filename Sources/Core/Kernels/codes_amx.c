#if defined(__x86_64__)

#include <immintrin.h>

#include "distill_codes.h"

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,amx-tile,amx-int8"))), apply_to = function)

#include "codes_vnni.h"

enum { TILE = 16, DEPTH = 64, STEP = DISTILL_PANEL * 4 };

/// A tile register has 16 rows of 64 bytes: 16 stored vectors, or 16 times four bytes of 16 queries, or 16 × 16 products.
static void begin_blocks(void) {
  static const struct __attribute__((packed, aligned(64))) {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shapes = {
      .palette = 1, .bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {TILE, TILE, TILE, TILE, TILE, TILE, TILE, TILE}};
  _tile_loadconfig(&shapes);
}

#define BEGIN_BLOCKS begin_blocks
#define END_BLOCKS _tile_release

static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride) {
  const uint8_t *queries = panel;
  const uint8_t *const corrections = queries + stride * DISTILL_PANEL;
  // With a step of 0, every row of a sum starts as the same corrections.
  _tile_loadd(0, corrections, 0), _tile_loadd(1, corrections + DEPTH, 0);
  _tile_loadd(2, corrections, 0), _tile_loadd(3, corrections + DEPTH, 0);
  for (size_t i = 0; i < stride; i += DEPTH, queries += DEPTH * DISTILL_PANEL) {
    _tile_loadd(4, codes + i, stride);
    _tile_loadd(6, queries, STEP);
    _tile_loadd(7, queries + DEPTH, STEP);
    _tile_dpbusd(0, 4, 6), _tile_dpbusd(1, 4, 7);
    _tile_loadd(5, codes + TILE * stride + i, stride);
    _tile_dpbusd(2, 5, 6), _tile_dpbusd(3, 5, 7);
  }
  _tile_stored(0, out, STEP), _tile_stored(1, out + TILE, STEP);
  _tile_stored(2, out + TILE * DISTILL_PANEL, STEP), _tile_stored(3, out + TILE * DISTILL_PANEL + TILE, STEP);
}

#include "code_variants.h"

#pragma clang attribute pop

const distill_code_kernels distill_codes_amx = CODE_KERNELS("amx");

#endif
