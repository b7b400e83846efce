// What the variants with VNNI share; see code_variants.h. It is included where their instruction set applies.

static int32_t product(const uint8_t *row, const int8_t *query, size_t stride) {
  __m512i a = _mm512_setzero_si512(), b = a;
  size_t i = 0;
  for (; i + 64 < stride; i += 128) {
    a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(row + i), _mm512_loadu_si512(query + i));
    b = _mm512_dpbusd_epi32(b, _mm512_loadu_si512(row + i + 64), _mm512_loadu_si512(query + i + 64));
  }
  if (i < stride) a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(row + i), _mm512_loadu_si512(query + i));
  return _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
}

static int32_t correction(const int8_t *query, size_t stride) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < stride; i += 64)
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), _mm512_loadu_si512(query + i));
  return -128 * _mm512_reduce_add_epi32(sum);
}

static uint32_t above(float *similarities, const int32_t *products, float scale, const float *floors) {
  uint32_t some = 0;
  for (size_t q = 0; q < DISTILL_PANEL; q += 16) {
    const __m512 product = _mm512_cvtepi32_ps(_mm512_loadu_si512(products + q));
    const __m512 x = _mm512_add_ps(_mm512_mul_ps(product, _mm512_set1_ps(scale)), _mm512_setzero_ps());
    _mm512_storeu_ps(similarities + q, x);
    some |= (uint32_t)_mm512_cmp_ps_mask(x, _mm512_loadu_ps(floors + q), _CMP_GT_OQ) << q;
  }
  return some;
}
