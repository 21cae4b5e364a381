// Packs on AVX-512 (F, DQ, VL, BW): one register each, tails by mask.
#pragma once

#include <immintrin.h>

#include "simd/pack.hpp"

namespace simdnorm {
namespace {

constexpr bool kStreams = true;

template <>
struct Pack<float> {
  __m512 v;
};

template <>
struct Pack<double> {
  __m512d v;
};

using Floats = Pack<float>;
using Doubles = Pack<double>;

inline __mmask16 mask16(First lanes) { return static_cast<__mmask16>((1U << lanes.count) - 1U); }
inline __mmask8 mask8(First lanes) { return static_cast<__mmask8>((1U << lanes.count) - 1U); }

inline Floats load(const float* p, All) { return {_mm512_loadu_ps(p)}; }
inline Doubles load(const double* p, All) { return {_mm512_loadu_pd(p)}; }
inline Floats load(const float* p, First lanes) { return {_mm512_maskz_loadu_ps(mask16(lanes), p)}; }
inline Doubles load(const double* p, First lanes) { return {_mm512_maskz_loadu_pd(mask8(lanes), p)}; }

inline void store(float* p, Floats a, All) { _mm512_storeu_ps(p, a.v); }
inline void store(double* p, Doubles a, All) { _mm512_storeu_pd(p, a.v); }
inline void store(float* p, Floats a, First lanes) { _mm512_mask_storeu_ps(p, mask16(lanes), a.v); }
inline void store(double* p, Doubles a, First lanes) { _mm512_mask_storeu_pd(p, mask8(lanes), a.v); }

inline Floats widened(bfloat16, __m256i bits) {  // each to the upper half of its lane, zero to the lower
  const __m512i each = _mm512_set_epi16(15, 0, 14, 0, 13, 0, 12, 0, 11, 0, 10, 0, 9, 0, 8, 0, 7, 0, 6, 0, 5, 0, 4, 0, 3,
                                        0, 2, 0, 1, 0, 0, 0);
  return {_mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xaaaaaaaa, each, _mm512_castsi256_si512(bits)))};
}
inline Floats widened(float16, __m256i bits) { return {_mm512_cvtph_ps(bits)}; }

// Not by the processor's own conversion, which takes denormals for zero. NaN, which arithmetic leaves quiet, is cut.
inline __m256i narrowed(bfloat16, Floats a) {
  const __m512i bits = _mm512_castps_si512(a.v);
  const __mmask16 odd = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x10000));
  const __mmask16 number = _mm512_cmp_ps_mask(a.v, a.v, _CMP_ORD_Q);
  const __m512i half = _mm512_mask_blend_epi32(odd, _mm512_set1_epi32(0x7fff), _mm512_set1_epi32(0x8000));
  const __m512i up = _mm512_mask_add_epi32(bits, number, bits, half);
  const __m512i upper_words = _mm512_set_epi16(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1, 31, 29, 27,
                                               25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_castsi512_si256(_mm512_permutexvar_epi16(upper_words, up));
}
inline __m256i narrowed(float16, Floats a) { return _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT); }

template <Half E>
inline Floats load(const E* p, All) {
  return widened(E{}, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
template <Half E>
inline Floats load(const E* p, First lanes) {
  return widened(E{}, _mm256_maskz_loadu_epi16(mask16(lanes), p));
}
template <Half E>
inline void store(E* p, Floats a, All) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrowed(E{}, a));
}
template <Half E>
inline void store(E* p, Floats a, First lanes) {
  _mm256_mask_storeu_epi16(p, mask16(lanes), narrowed(E{}, a));
}
template <Half E>
inline void stream(E* p, Floats a) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), narrowed(E{}, a));
}

inline void stream(float* p, Floats a) { _mm512_stream_ps(p, a.v); }
inline void stream(double* p, Doubles a) { _mm512_stream_pd(p, a.v); }
inline void stream_line(void* to, const void* from) {
  _mm512_stream_si512(static_cast<__m512i*>(to), _mm512_loadu_si512(from));
}
inline void stream_fence() { _mm_sfence(); }

template <class T>
Pack<T> broadcast(T s);
template <>
inline Floats broadcast(float s) {
  return {_mm512_set1_ps(s)};
}
template <>
inline Doubles broadcast(double s) {
  return {_mm512_set1_pd(s)};
}

inline Floats operator+(Floats a, Floats b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Floats operator-(Floats a, Floats b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Floats operator*(Floats a, Floats b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Floats fma(Floats a, Floats b, Floats c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Doubles operator+(Doubles a, Doubles b) { return {_mm512_add_pd(a.v, b.v)}; }
inline Doubles operator-(Doubles a, Doubles b) { return {_mm512_sub_pd(a.v, b.v)}; }
inline Doubles operator*(Doubles a, Doubles b) { return {_mm512_mul_pd(a.v, b.v)}; }
inline Doubles fma(Doubles a, Doubles b, Doubles c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }

template <class T>
inline Pack<T> first(Pack<T> a, All) {
  return a;
}
inline Floats first(Floats a, First lanes) { return {_mm512_maskz_mov_ps(mask16(lanes), a.v)}; }
inline Doubles first(Doubles a, First lanes) { return {_mm512_maskz_mov_pd(mask8(lanes), a.v)}; }

inline float hsum(Floats a) {
  __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline double hsum(Doubles a) {
  __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(a.v), _mm512_extractf64x4_pd(a.v, 1));
  __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

// Eight of them: each step halves what is left of two packs and keeps both halves in one.
inline __m512 eights(Floats a, Floats b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a.v, b.v, 0x44), _mm512_shuffle_f32x4(a.v, b.v, 0xee));
}
inline __m512 fours(__m512 ab, __m512 cd) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
}
inline void hsums(const Floats* v, float* sums) {
  const __m512d even = _mm512_castps_pd(fours(eights(v[0], v[2]), eights(v[4], v[6])));
  const __m512d odd = _mm512_castps_pd(fours(eights(v[1], v[3]), eights(v[5], v[7])));
  const __m512 twos =
      _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(even, odd)), _mm512_castpd_ps(_mm512_unpackhi_pd(even, odd)));
  const __m512 ones = _mm512_add_ps(twos, _mm512_movehdup_ps(twos));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums), _mm512_cvtepi64_epi32(_mm512_castps_si512(ones)));
}

inline __m512d fours(Doubles a, Doubles b) {
  return _mm512_add_pd(_mm512_shuffle_f64x2(a.v, b.v, 0x44), _mm512_shuffle_f64x2(a.v, b.v, 0xee));
}
inline __m512d twos(__m512d ab, __m512d cd) {
  return _mm512_add_pd(_mm512_shuffle_f64x2(ab, cd, 0x88), _mm512_shuffle_f64x2(ab, cd, 0xdd));
}
inline void hsums(const Doubles* v, double* sums) {
  const __m512d even = twos(fours(v[0], v[2]), fours(v[4], v[6]));
  const __m512d odd = twos(fours(v[1], v[3]), fours(v[5], v[7]));
  _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_unpacklo_pd(even, odd), _mm512_unpackhi_pd(even, odd)));
}

}  // namespace
}  // namespace simdnorm
