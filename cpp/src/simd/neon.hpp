// Packs on AArch64 NEON: four registers each. Tails go through a buffer, for NEON has no masked moves.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "elements.hpp"
#include "simd/pack.hpp"

namespace simdnorm {
namespace {

constexpr bool kStreams = false;

template <>
struct Pack<float> {
  float32x4_t v[4];
};

template <>
struct Pack<double> {
  float64x2_t v[4];
};

using Floats = Pack<float>;
using Doubles = Pack<double>;

inline Floats load(const float* p, All) {
  return {{vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}};
}
inline Doubles load(const double* p, All) {
  return {{vld1q_f64(p), vld1q_f64(p + 2), vld1q_f64(p + 4), vld1q_f64(p + 6)}};
}

inline Floats load(const float16* p, All) {
  const std::uint16_t* bits = reinterpret_cast<const std::uint16_t*>(p);
  Floats a;
  for (int i = 0; i < 4; ++i) a.v[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(bits + 4 * i)));
  return a;
}
inline Floats load(const bfloat16* p, All) {
  const std::uint16_t* bits = reinterpret_cast<const std::uint16_t*>(p);
  Floats a;
  for (int i = 0; i < 4; ++i) a.v[i] = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(bits + 4 * i), 16));
  return a;
}

inline void store(float16* p, Floats a, All) {
  std::uint16_t* bits = reinterpret_cast<std::uint16_t*>(p);
  for (int i = 0; i < 4; ++i) vst1_u16(bits + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.v[i])));
}
inline void store(bfloat16* p, Floats a, All) {
  std::uint16_t* bits = reinterpret_cast<std::uint16_t*>(p);
  for (int i = 0; i < 4; ++i) {
    const uint32x4_t wide = vreinterpretq_u32_f32(a.v[i]), upper = vshrq_n_u32(wide, 16);
    const uint32x4_t odd = vandq_u32(upper, vdupq_n_u32(1));
    const uint32x4_t rounded = vshrq_n_u32(vaddq_u32(vaddq_u32(wide, vdupq_n_u32(0x7fff)), odd), 16);
    const uint32x4_t quiet = vorrq_u32(upper, vdupq_n_u32(0x40));
    vst1_u16(bits + 4 * i, vmovn_u32(vbslq_u32(vceqq_f32(a.v[i], a.v[i]), rounded, quiet)));
  }
}

inline void store(float* p, Floats a, All) {
  for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, a.v[i]);
}
inline void store(double* p, Doubles a, All) {
  for (int i = 0; i < 4; ++i) vst1q_f64(p + 2 * i, a.v[i]);
}

template <class E>
SIMDNORM_APART inline Pack<Compute<E>> load(const E* p, First lanes) {
  E buffer[kLanes<Compute<E>>] = {};
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) buffer[i] = p[i];
  return load(buffer, All{});
}

template <class E>
SIMDNORM_APART inline void store(E* p, Pack<Compute<E>> a, First lanes) {
  E buffer[kLanes<Compute<E>>];
  store(buffer, a, All{});
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) p[i] = buffer[i];
}

// NEON's non-temporal pair stores have no intrinsic; an ordinary store keeps the meaning.
template <class E>
inline void stream(E* p, Pack<Compute<E>> a) {
  store(p, a, All{});
}
inline void stream_line(void* to, const void* from) { std::memcpy(to, from, kPackBytes); }
inline void stream_fence() {}

template <class T>
Pack<T> broadcast(T s);
template <>
inline Floats broadcast(float s) {
  float32x4_t v = vdupq_n_f32(s);
  return {{v, v, v, v}};
}
template <>
inline Doubles broadcast(double s) {
  float64x2_t v = vdupq_n_f64(s);
  return {{v, v, v, v}};
}

inline Floats operator+(Floats a, Floats b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vaddq_f32(a.v[i], b.v[i]);
  return a;
}
inline Floats operator-(Floats a, Floats b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vsubq_f32(a.v[i], b.v[i]);
  return a;
}
inline Floats operator*(Floats a, Floats b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vmulq_f32(a.v[i], b.v[i]);
  return a;
}
inline Floats fma(Floats a, Floats b, Floats c) {
  for (int i = 0; i < 4; ++i) c.v[i] = vfmaq_f32(c.v[i], a.v[i], b.v[i]);
  return c;
}
inline Doubles operator+(Doubles a, Doubles b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vaddq_f64(a.v[i], b.v[i]);
  return a;
}
inline Doubles operator-(Doubles a, Doubles b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vsubq_f64(a.v[i], b.v[i]);
  return a;
}
inline Doubles operator*(Doubles a, Doubles b) {
  for (int i = 0; i < 4; ++i) a.v[i] = vmulq_f64(a.v[i], b.v[i]);
  return a;
}
inline Doubles fma(Doubles a, Doubles b, Doubles c) {
  for (int i = 0; i < 4; ++i) c.v[i] = vfmaq_f64(c.v[i], a.v[i], b.v[i]);
  return c;
}

template <class T>
inline Pack<T> first(Pack<T> a, All) {
  return a;
}
template <class T>
inline Pack<T> first(Pack<T> a, First lanes) {
  T buffer[kLanes<T>];
  store(buffer, a, All{});
  return load(buffer, lanes);
}

inline float hsum(Floats a) {
  float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

inline double hsum(Doubles a) {
  float64x2_t two = vaddq_f64(vaddq_f64(a.v[0], a.v[2]), vaddq_f64(a.v[1], a.v[3]));
  return vgetq_lane_f64(two, 0) + vgetq_lane_f64(two, 1);
}

inline void hsums(const Pack<float>* v, float* sums) { hsums_one_by_one(v, sums); }
inline void hsums(const Pack<double>* v, double* sums) { hsums_one_by_one(v, sums); }

}  // namespace
}  // namespace simdnorm
