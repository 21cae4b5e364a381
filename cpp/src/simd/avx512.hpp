// Packs on AVX-512 (F, DQ, VL, BW): one register each, tails by mask.
#pragma once

#include <immintrin.h>

#include "simd/pack.hpp"

namespace simdnorm {
namespace {

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

inline void stream(float* p, Floats a) { _mm512_stream_ps(p, a.v); }
inline void stream(double* p, Doubles a) { _mm512_stream_pd(p, a.v); }
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

}  // namespace
}  // namespace simdnorm
