// What the variants of the kernels for bytes share. A variant defines
//
//   static int32_t product(const uint8_t *row, const int8_t *query, size_t stride), and
//   static int32_t correction(const int8_t *query, size_t stride), whose sum is Σ (row − 128) · query,
//   static void block(int32_t *out, const uint8_t *codes, const void *panel, size_t stride), the products of DISTILL_ROWS rows with a
//     panel, which BEGIN_BLOCKS and END_BLOCKS precede and follow where they are defined, and
//   static uint32_t above(float *similarities, const int32_t *products, float scale, const float *floors), which calculates the
//     similarities of a row with the panel, never −0, and sets a bit for each that exceeds its floor.
//
// and includes this file where its instruction set applies.

/// Rows that are fetched from memory before they are needed. Measured: 2 is slower, 8 and 16 are no faster.
enum { AHEAD = 4 };

static inline void fetch(const uint8_t *codes, const float *scales, int32_t row, size_t stride) {
  distill_fetch(codes + (size_t)row * stride, stride);
  __builtin_prefetch(scales + row);
}

static void k_similarities(
    float *out, const int8_t *query, float factor, const uint8_t *codes, const float *scales, const int32_t *rows,
    size_t count, size_t stride) {
  const int32_t added = correction(query, stride);
  for (size_t i = 0; i < AHEAD && i < count; i++) fetch(codes, scales, rows[i], stride);
  for (size_t i = 0; i < count; i++) {
    if (i + AHEAD < count) fetch(codes, scales, rows[i + AHEAD], stride);
    const int32_t sum = product(codes + (size_t)rows[i] * stride, query, stride) + added;
    out[i] = (float)sum * scales[rows[i]] * factor + 0.0f;  // never −0
  }
}

/// Adds a row to the list of a query, and drops the worst rows of a list that is full.
static void add(distill_best *best, unsigned query, float similarity, size_t row) {
  union { float number; uint32_t bits; } value = {similarity};
  const uint32_t ordered = value.bits >> 31 ? ~value.bits : value.bits | 1u << 31;
  uint64_t *const list = best->lists + (size_t)query * best->room;
  list[best->counts[query]++] = (uint64_t)ordered << 32 | (uint32_t)~row;
  if (best->counts[query] < best->room) return;
  distill_keep_largest(list, best->room, best->keep);
  best->counts[query] = best->keep;
  uint64_t worst = list[0];
  for (size_t i = 1; i < best->keep; i++) worst = list[i] < worst ? list[i] : worst;
  const uint32_t bits = (uint32_t)(worst >> 32);
  value.bits = bits >> 31 ? bits & ~(1u << 31) : ~bits;
  // Rows come in ascending order, so that one that is only as similar as the worst is worse.
  best->floors[query] = value.number;
}

static void k_compare(
    distill_best *best, const void *panel, const uint8_t *codes, const float *scales, size_t first, size_t last,
    size_t stride) {
  int32_t products[DISTILL_ROWS * DISTILL_PANEL] __attribute__((aligned(64)));
  float similarities[DISTILL_PANEL] __attribute__((aligned(64)));
#ifdef BEGIN_BLOCKS
  BEGIN_BLOCKS();
#endif
  for (size_t start = first; start < last; start += DISTILL_ROWS) {
    block(products, codes + start * stride, panel, stride);
    for (size_t r = 0; r < DISTILL_ROWS && start + r < last; r++) {
      uint32_t some = above(similarities, products + r * DISTILL_PANEL, scales[start + r], best->floors);
      for (; some != 0; some &= some - 1) {
        const unsigned query = (unsigned)__builtin_ctz(some);
        add(best, query, similarities[query], start + r);
      }
    }
  }
#ifdef END_BLOCKS
  END_BLOCKS();
#endif
}

#define CODE_KERNELS(isa) {.name = isa, .similarities = k_similarities, .compare = k_compare}
