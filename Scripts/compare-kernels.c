// Runs every kernel of a variant and of the plain variant on the same numbers, and compares all memory that they were given.
//
// Scripts/test-neon runs it on a processor for which there is no Swift. It does not compile if a kernel has no check.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "distill_codes.h"
#include "variants.h"

enum { SLOTS = 5, FLOATS = 4112, BORDER = 16, LONGEST = 130 };

static const float specials[] = {
    0,   -0.0f, 0x1p-149f, -0x1p-149f, 0x1p-130f, -1e-20f, 1e-8f, 0.5f,  -0.625f,   1,         -1, 3.5f, -9.75f,
    87, -87,  -95,       100,        -110,      1e4f,    -1e4f, 3e38f, -INFINITY, INFINITY, NAN};
enum { SPECIALS = sizeof specials / sizeof *specials };

/// The arguments of a call: its buffers, each of which it may write, and their sizes.
static float *s[SLOTS];
static size_t n, rows, gap;  // columns, rows, and the difference between a stride and the columns
static const int32_t indices[] = {4, 0, 4, 2, 1}, counted[] = {0, 1, 2, 3, 4}, types[] = {0, 1, 1, 0, 1};

#define CALL(kernel, ...)                                                                                              \
  static void check_##kernel(const distill_kernels *k) { k->kernel(__VA_ARGS__); }
#define RESULT(kernel, ...)                                                                                            \
  static void check_##kernel(const distill_kernels *k) { *s[0] = (float)k->kernel(__VA_ARGS__); }
#define STRIDE n + gap

CALL(add, s[0], s[1], s[2], n)
CALL(sub, s[0], s[1], s[2], n)
CALL(mul, s[0], s[1], s[2], n)
CALL(div, s[0], s[1], s[2], n)
CALL(scale, s[0], s[1], -1.75f, n)
CALL(add_scalar, s[0], s[1], 0.3f, n)
CALL(axpy, s[0], 0.7f, s[1], n)
CALL(mul_accumulate, s[0], s[1], s[2], n)
CALL(fill, s[0], 2.5f, n)
CALL(exp, s[0], s[1], n)
CALL(log, s[0], s[1], n)
CALL(tanh, s[0], s[1], n)
CALL(sqrt, s[0], s[1], n)
CALL(reciprocal, s[0], s[1], n)
CALL(abs, s[0], s[1], n)
CALL(sign, s[0], s[1], n)
CALL(relu, s[0], s[1], n)
CALL(relu_backward, s[0], s[1], s[2], n)
CALL(tanh_backward, s[0], s[1], s[2], n)
CALL(bias_gelu, s[0], s[1], s[2], s[3], rows, n)
CALL(gelu_backward, s[0], s[1], s[2], rows *n)
CALL(bias_gelu_tanh, s[0], s[1], s[2], s[3], rows, n)
CALL(gelu_tanh_backward, s[0], s[1], s[2], rows *n)
CALL(bias_tanh, s[0], s[1], s[2], rows, n)
CALL(bias_add, s[0], s[1], rows, n)
CALL(column_sum_accumulate, s[0], s[1], rows, n, STRIDE)
CALL(row_sum, s[0], s[1], rows, n, STRIDE)
RESULT(sum, s[1], n)
RESULT(sum_of_squares, s[1], n)
RESULT(max, s[1], n)
RESULT(all_finite, s[1], n)
RESULT(dot, s[1], s[2], n)
RESULT(squared_l2, s[1], s[2], n)
CALL(row_products, s[0], s[1], s[2], rows, rows, n, rows + gap, STRIDE, STRIDE)
CALL(softmax_rows, s[0], s[1], -1.5f, rows, n, STRIDE)
CALL(log_softmax_rows, s[0], s[1], 0.5f, rows, n, STRIDE)
CALL(softmax_backward_rows, s[0], s[1], s[2], 0.5f, rows, n, STRIDE)
CALL(log_softmax_backward_rows, s[0], s[1], s[2], 0.5f, rows, n, STRIDE)
CALL(kl_rows, s[0], s[3], s[1], rows, n)
CALL(residual_layer_norm, s[0], s[4], s[3], s[1], s[2], s[0], s[1], s[2], 1e-5f, rows, n)
CALL(layer_norm_backward, s[0], s[3], s[4], s[1], s[2], s[2], s[0], rows, n)
CALL(l2_normalise_rows, s[0], s[3], s[1], 1e-6f, rows, n)
CALL(l2_normalise_backward_rows, s[0], s[1], s[3], s[2], 0.75f, rows, n)
CALL(dropout, s[0], s[1], n, 0.3f, 77, 0xfffffff0u)
CALL(random_uniform, s[0], n, 77, 0xfffffff0u)
CALL(adamw, s[0], s[1], s[2], s[3], n, 1e-3f, 0.9f, 0.999f, 1e-8f, 0.99999f, 0.271f, 0.002997f, 0.5f)
CALL(gather_rows, s[0], s[1], indices, rows, n)
CALL(scatter_add_rows, s[0], s[1], indices, rows, n)
CALL(embedding_sum, s[0], s[1], s[2], s[3], indices, counted, types, rows, n)

/// Packs and multiplies: a product [31 × n] of less than 30 terms. Each operand may be transposed.
static void product(const distill_kernels *k, int left, int right) {
  const size_t depth = n % 30, size = (n + k->panel - 1) / k->panel * k->panel * depth;
  float *const panels = malloc((size + 1) * sizeof *panels), *const scratch = malloc(k->scratch * sizeof *scratch);
  if (panels == NULL || scratch == NULL) abort();
  k->pack_panels(panels, s[2], n, depth, right ? depth : n, right);
  k->panel_product(s[0], s[1], panels, scratch, 31, n, depth, n, left ? 31 : depth, left, 0.5f);
  free(panels);
  free(scratch);
}

static void check_pack_panels(const distill_kernels *k) { product(k, 0, 1); }
static void check_panel_product(const distill_kernels *k) { product(k, 1, 0); }

typedef struct {
  const char *name;
  void (*call)(const distill_kernels *k);
} check;

#define CHECK(kernel) {#kernel, check_##kernel},
static const check checks[] = {DISTILL_EACH_KERNEL(CHECK)};

/// Returns whether a kernel calculates every element separately, and must agree on infinities, NaN and subnormal numbers, too.
static int takes_specials(const char *name) {
  static const char *const names[] = {"add", "sub", "mul", "div", "scale", "add_scalar", "fill", "exp", "log", "tanh",
                                      "sqrt", "reciprocal", "abs", "sign", "relu", "relu_backward", "max", "all_finite"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return 1;
  return 0;
}

static uint64_t seed;
static float uniform(void) {
  return (float)distill_random(11, seed++) * 0x1p-31f - 1;
}

static float numbers[2][SLOTS][2 * FLOATS];  // ordinary numbers, and some special ones among them
static const float *start[SLOTS];
static float *memory[SLOTS];  // FLOATS each, before a page that cannot be accessed
static size_t used;           // the floats at the end of each that are compared, including a border before the buffer

/// Runs a kernel on buffers that end `shift` floats before a page that cannot be accessed, so that an access beyond them ends the
/// program. `found` receives the contents of the buffers and of the border before them.
static void run(const distill_kernels *kernels, const check *check, size_t shift, float found[SLOTS][FLOATS]) {
  const size_t size = check->call == check_pack_panels || check->call == check_panel_product ? 31 * (n + 1)
                      : takes_specials(check->name)                                         ? (n > 0 ? n : 1)
                                                                                            : 5 * (n + gap) + 36;
  used = size + shift + BORDER;
  for (int i = 0; i < SLOTS; i++) {
    memcpy(memory[i] + FLOATS - used, start[i], used * sizeof(float));
    s[i] = memory[i] + FLOATS - shift - size;
  }
  check->call(kernels);
  for (int i = 0; i < SLOTS; i++) memcpy(found[i], memory[i] + FLOATS - used, used * sizeof(float));
}

/// Returns whether two results agree. The tolerance is two units in the last place if every number is calculated separately.
/// Otherwise the variants add up to 130 terms of size 10 in different orders, and some sums are multiplied by e³.
static int agree(float a, float b, int alone) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b || fabsf(a - b) <= (alone ? 0x1p-148f + 2.4e-7f * fabsf(b) : 1e-4f + 6e-6f * fabsf(b));
}

/// Compares the kernels for bytes, which have to agree in every bit. Returns the number of differences.
static size_t compare_codes(const distill_code_kernels *plain, const distill_code_kernels *variant) {
  enum { ROWS = 200, KEEP = 5, ROOM = 12 };
  static uint64_t lists[2][DISTILL_PANEL * ROOM];
  size_t differences = 0;
  for (size_t stride = 64; stride <= 256; stride += 64) {
    const size_t room = (ROWS + DISTILL_ROWS) * stride;
    uint8_t *const codes = malloc(room);
    int8_t *const queries = malloc(DISTILL_PANEL * stride), *const panel = malloc(DISTILL_PANEL * (stride + 4));
    if (codes == NULL || queries == NULL || panel == NULL) abort();
    static float scales[ROWS + DISTILL_ROWS], similarities[2][ROWS];
    static int32_t rows[ROWS];
    for (size_t i = 0; i < room; i++) codes[i] = (uint8_t)(1 + distill_random(3, seed++) % 255);
    for (size_t i = 0; i < DISTILL_PANEL * stride; i++) queries[i] = (int8_t)(distill_random(3, seed++) % 255 - 127);
    for (size_t i = 0; i < ROWS + DISTILL_ROWS; i++) scales[i] = uniform();
    for (int32_t i = 0; i < ROWS; i++) rows[i] = (i * 7) % ROWS;
    distill_pack_panel(panel, queries, DISTILL_PANEL - 3, stride);
    const distill_code_kernels *const both[] = {plain, variant};
    distill_best best[2];
    for (int i = 0; i < 2; i++) {
      both[i]->similarities(similarities[i], queries, 0.7f, codes, scales, rows, ROWS, stride);
      best[i] = (distill_best){.lists = lists[i], .room = ROOM, .keep = KEEP};
      for (size_t q = 0; q < DISTILL_PANEL; q++) best[i].floors[q] = -INFINITY;
      both[i]->compare(&best[i], panel, codes, scales, 32, ROWS, stride);
    }
    differences += memcmp(similarities[0], similarities[1], sizeof similarities[0]) != 0;
    differences += memcmp(best[0].counts, best[1].counts, sizeof best[0].counts) != 0;
    differences += memcmp(best[0].floors, best[1].floors, sizeof best[0].floors) != 0;
    differences += memcmp(lists[0], lists[1], sizeof lists[0]) != 0;
    free(codes), free(queries), free(panel);
  }
  return differences;
}

int main(int count, char **arguments) {
  const distill_kernels *const plain = distill_kernels_named("plain");
  const distill_kernels *const variant = count == 2 ? distill_kernels_named(arguments[1]) : NULL;
  if (variant == NULL) {
    fprintf(stderr, "usage: %s INSTRUCTION_SET, one that this processor has\n", arguments[0]);
    return 2;
  }
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (FLOATS * sizeof(float) + page - 1) / page * page;
  for (int i = 0; i < SLOTS; i++) {
    char *const mapped = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED || mprotect(mapped + size, page, PROT_NONE) != 0) abort();
    memory[i] = (float *)(mapped + size) - FLOATS;
  }
  for (int special = 0; special < 2; special++)
    for (int i = 0; i < SLOTS; i++)
      for (size_t j = 0; j < 2 * FLOATS; j++) {
        const float x = special && distill_random(5, seed) % 8 == 0 ? specials[seed % SPECIALS] : 3 * uniform();
        numbers[special][i][j] = i == 3 ? fabsf(x) : x;  // probabilities, norms, squares
        seed++;
      }
  static float expected[SLOTS][FLOATS], found[SLOTS][FLOATS];
  size_t failures = 0, runs = 0;
  for (size_t c = 0; c < sizeof checks / sizeof *checks; c++)
    for (n = 0; n <= LONGEST; n++)
      for (size_t shift = 0; shift < 4; shift++) {
        rows = (size_t[]){3, 5, 1, 0}[(shift + n) % 4];
        gap = shift % 2;
        for (int special = 0; special <= takes_specials(checks[c].name); special++) {
          for (int i = 0; i < SLOTS; i++) start[i] = numbers[special][i] + distill_random(7, seed++) % FLOATS;
          run(plain, &checks[c], shift, expected);
          run(variant, &checks[c], shift, found);
          runs++;
          for (int i = 0; i < SLOTS; i++)
            for (size_t j = 0; j < used; j++)
              if (!agree(found[i][j], expected[i][j], takes_specials(checks[c].name))) {
                fprintf(
                    stderr,
                    "%s: %zu columns, %zu rows, gap %zu, shift %zu, %s values: buffer %d, float %zu from its end: "
                    "%.9g instead of %.9g\n",
                    checks[c].name, n, rows, gap, shift, special ? "special" : "usual", i, used - j, found[i][j],
                    expected[i][j]);
                failures++;
                goto next;
              }
        next:;
        }
      }
  const distill_code_kernels *const codes = distill_codes_named(arguments[1]);
  if (codes != NULL) failures += compare_codes(distill_codes_named("plain"), codes);
  printf(
      "%zu runs of %zu kernels, %s against plain: %zu differ; bytes %s\n", runs, sizeof checks / sizeof *checks, arguments[1],
      failures, codes == NULL ? "have no such variant" : "compared as well");
  return failures != 0;
}
