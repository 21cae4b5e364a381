// Packs on AVX2 with FMA: two registers each, tails by masked moves.
#pragma once

#include <immintrin.h>

#include "simd/pack.hpp"

namespace simdnorm {
namespace {

constexpr bool kStreams = true;

template <>
struct Pack<float> {
  __m256 lo, hi;
};

template <>
struct Pack<double> {
  __m256d lo, hi;
};

using Floats = Pack<float>;
using Doubles = Pack<double>;

// A window into this table, `count` words before its middle, is a mask of `count` lanes.
alignas(64) constexpr std::int32_t kMask32[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
alignas(64) constexpr std::int64_t kMask64[16] = {-1, -1, -1, -1, -1, -1, -1, -1};

inline __m256i mask32(First lanes, int half) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask32 + 16 - lanes.count + 8 * half));
}
inline __m256i mask64(First lanes, int half) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask64 + 8 - lanes.count + 4 * half));
}

inline Floats load(const float* p, All) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline Doubles load(const double* p, All) { return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
inline Floats load(const float* p, First lanes) {
  return {_mm256_maskload_ps(p, mask32(lanes, 0)), _mm256_maskload_ps(p + 8, mask32(lanes, 1))};
}
inline Doubles load(const double* p, First lanes) {
  return {_mm256_maskload_pd(p, mask64(lanes, 0)), _mm256_maskload_pd(p + 4, mask64(lanes, 1))};
}

inline void store(float* p, Floats a, All) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
inline void store(double* p, Doubles a, All) {
  _mm256_storeu_pd(p, a.lo);
  _mm256_storeu_pd(p + 4, a.hi);
}
inline void store(float* p, Floats a, First lanes) {
  _mm256_maskstore_ps(p, mask32(lanes, 0), a.lo);
  _mm256_maskstore_ps(p + 8, mask32(lanes, 1), a.hi);
}
inline void store(double* p, Doubles a, First lanes) {
  _mm256_maskstore_pd(p, mask64(lanes, 0), a.lo);
  _mm256_maskstore_pd(p + 4, mask64(lanes, 1), a.hi);
}

inline Floats widened(bfloat16, __m256i bits) {
  const __m256i lo = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(bits));
  const __m256i hi = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(bits, 1));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(lo, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(hi, 16))};
}
inline Floats widened(float16, __m256i bits) {
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(bits)), _mm256_cvtph_ps(_mm256_extracti128_si256(bits, 1))};
}

inline __m256i upper_half(__m256 a) {
  const __m256i bits = _mm256_castps_si256(a), upper = _mm256_srli_epi32(bits, 16);
  const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
  const __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
  const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
  return _mm256_blendv_epi8(_mm256_srli_epi32(up, 16), quiet, nan);
}
inline __m256i narrowed(bfloat16, Floats a) {  // packing works within each half of a register: put them in order
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(upper_half(a.lo), upper_half(a.hi)), 0xd8);
}
inline __m256i narrowed(float16, Floats a) {
  return _mm256_set_m128i(_mm256_cvtps_ph(a.hi, _MM_FROUND_TO_NEAREST_INT),
                          _mm256_cvtps_ph(a.lo, _MM_FROUND_TO_NEAREST_INT));
}

// There are no masked moves of 16 bits: tails go through a buffer.
template <Half E>
inline Floats load(const E* p, All) {
  return widened(E{}, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
template <Half E>
SIMDNORM_APART inline Floats load(const E* p, First lanes) {
  E buffer[16] = {};
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) buffer[i] = p[i];
  return load(buffer, All{});
}
template <Half E>
inline void store(E* p, Floats a, All) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrowed(E{}, a));
}
template <Half E>
SIMDNORM_APART inline void store(E* p, Floats a, First lanes) {
  E buffer[16];
  store(buffer, a, All{});
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) p[i] = buffer[i];
}
template <Half E>
inline void stream(E* p, Floats a) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), narrowed(E{}, a));
}

inline void stream(float* p, Floats a) {
  _mm256_stream_ps(p, a.lo);
  _mm256_stream_ps(p + 8, a.hi);
}
inline void stream(double* p, Doubles a) {
  _mm256_stream_pd(p, a.lo);
  _mm256_stream_pd(p + 4, a.hi);
}
inline void stream_line(void* to, const void* from) {
  const __m256i* halves = static_cast<const __m256i*>(from);
  _mm256_stream_si256(static_cast<__m256i*>(to), _mm256_loadu_si256(halves));
  _mm256_stream_si256(static_cast<__m256i*>(to) + 1, _mm256_loadu_si256(halves + 1));
}
inline void stream_fence() { _mm_sfence(); }

template <class T>
Pack<T> broadcast(T s);
template <>
inline Floats broadcast(float s) {
  return {_mm256_set1_ps(s), _mm256_set1_ps(s)};
}
template <>
inline Doubles broadcast(double s) {
  return {_mm256_set1_pd(s), _mm256_set1_pd(s)};
}

inline Floats operator+(Floats a, Floats b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
inline Floats operator-(Floats a, Floats b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
inline Floats operator*(Floats a, Floats b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
inline Floats fma(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
inline Doubles operator+(Doubles a, Doubles b) { return {_mm256_add_pd(a.lo, b.lo), _mm256_add_pd(a.hi, b.hi)}; }
inline Doubles operator-(Doubles a, Doubles b) { return {_mm256_sub_pd(a.lo, b.lo), _mm256_sub_pd(a.hi, b.hi)}; }
inline Doubles operator*(Doubles a, Doubles b) { return {_mm256_mul_pd(a.lo, b.lo), _mm256_mul_pd(a.hi, b.hi)}; }
inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  return {_mm256_fmadd_pd(a.lo, b.lo, c.lo), _mm256_fmadd_pd(a.hi, b.hi, c.hi)};
}

template <class T>
inline Pack<T> first(Pack<T> a, All) {
  return a;
}
inline Floats first(Floats a, First lanes) {
  return {_mm256_and_ps(a.lo, _mm256_castsi256_ps(mask32(lanes, 0))),
          _mm256_and_ps(a.hi, _mm256_castsi256_ps(mask32(lanes, 1)))};
}
inline Doubles first(Doubles a, First lanes) {
  return {_mm256_and_pd(a.lo, _mm256_castsi256_pd(mask64(lanes, 0))),
          _mm256_and_pd(a.hi, _mm256_castsi256_pd(mask64(lanes, 1)))};
}

inline float hsum(Floats a) {
  __m256 eight = _mm256_add_ps(a.lo, a.hi);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline double hsum(Doubles a) {
  __m256d four = _mm256_add_pd(a.lo, a.hi);
  __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

// Eight of them: each step halves what is left of two registers and keeps both halves in one.
inline __m256 fours(Floats a, Floats b) {
  const __m256 of_a = _mm256_add_ps(a.lo, a.hi), of_b = _mm256_add_ps(b.lo, b.hi);
  return _mm256_add_ps(_mm256_permute2f128_ps(of_a, of_b, 0x20), _mm256_permute2f128_ps(of_a, of_b, 0x31));
}
inline __m256 twos(__m256 ab, __m256 cd) {
  const __m256d a = _mm256_castps_pd(ab), c = _mm256_castps_pd(cd);
  return _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(a, c)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, c)));
}
inline void hsums(const Floats* v, float* sums) {
  const __m256 a = twos(fours(v[0], v[4]), fours(v[1], v[5])), b = twos(fours(v[2], v[6]), fours(v[3], v[7]));
  _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x88), _mm256_shuffle_ps(a, b, 0xdd)));
}

inline __m256d twos(Doubles a, Doubles b) {
  const __m256d of_a = _mm256_add_pd(a.lo, a.hi), of_b = _mm256_add_pd(b.lo, b.hi);
  return _mm256_add_pd(_mm256_permute2f128_pd(of_a, of_b, 0x20), _mm256_permute2f128_pd(of_a, of_b, 0x31));
}
inline void hsums(const Doubles* v, double* sums) {
  for (Index i = 0; i < kSumsAtOnce; i += 4) {
    const __m256d a = twos(v[i], v[i + 2]), b = twos(v[i + 1], v[i + 3]);
    _mm256_storeu_pd(sums + i, _mm256_add_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)));
  }
}

}  // namespace
}  // namespace simdnorm
