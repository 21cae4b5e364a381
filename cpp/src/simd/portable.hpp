// Packs for any processor, in the vectors that GCC and Clang make of whatever registers it has. Without the processor's
// fma a fused operation would be slow: what stands for it here may round twice, so results agree with the other
// backends within tolerance, not bit for bit.
#pragma once

#include <cstring>

#include "elements.hpp"
#include "simd/pack.hpp"

namespace simdnorm {
namespace {

constexpr bool kStreams = false;

template <class T>
struct Pack {
  typedef T Lanes __attribute__((vector_size(kPackBytes)));
  Lanes v;
};

template <class E>
SIMDNORM_APART inline Pack<Compute<E>> load(const E* p, First lanes) {
  Compute<E> wide[kLanes<Compute<E>>] = {};
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) wide[i] = widened(p[i]);
  Pack<Compute<E>> a;
  std::memcpy(&a.v, wide, kPackBytes);
  return a;
}

template <class E>
inline Pack<Compute<E>> load(const E* p, All) {
  if constexpr (Half<E>) {
    return load(p, First{kLanes<float>});
  } else {
    Pack<E> a;
    std::memcpy(&a.v, p, kPackBytes);
    return a;
  }
}

template <class E>
SIMDNORM_APART inline void store(E* p, Pack<Compute<E>> a, First lanes) {
  Compute<E> wide[kLanes<Compute<E>>];
  std::memcpy(wide, &a.v, kPackBytes);
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < lanes.count; ++i) p[i] = narrowed<E>(wide[i]);
}

template <class E>
inline void store(E* p, Pack<Compute<E>> a, All) {
  if constexpr (Half<E>) {
    store(p, a, First{kLanes<float>});
  } else {
    std::memcpy(p, &a.v, kPackBytes);
  }
}

template <class E>
inline void stream(E* p, Pack<Compute<E>> a) {
  store(p, a, All{});
}
inline void stream_line(void* to, const void* from) { std::memcpy(to, from, kPackBytes); }
inline void stream_fence() {}

template <class T>
inline Pack<T> broadcast(T s) {
  return {s - typename Pack<T>::Lanes{}};  // and not 0 + s, which takes the sign of -0
}

template <class T>
inline Pack<T> operator+(Pack<T> a, Pack<T> b) {
  return {a.v + b.v};
}
template <class T>
inline Pack<T> operator-(Pack<T> a, Pack<T> b) {
  return {a.v - b.v};
}
template <class T>
inline Pack<T> operator*(Pack<T> a, Pack<T> b) {
  return {a.v * b.v};
}

// The product of two floats is exact in double; only a double rounding of the sum, in rare ties, tells it from fused.
SIMDNORM_APART inline Pack<float> fma(Pack<float> a, Pack<float> b, Pack<float> c) {
  typedef double Wide __attribute__((vector_size(2 * kPackBytes)));
  const Wide sum =
      __builtin_convertvector(a.v, Wide) * __builtin_convertvector(b.v, Wide) + __builtin_convertvector(c.v, Wide);
  return {__builtin_convertvector(sum, Pack<float>::Lanes)};
}

// Of two doubles it is nearly exact in the 80-bit format of x86, the one processor that may lack fma.
SIMDNORM_APART inline Pack<double> fma(Pack<double> a, Pack<double> b, Pack<double> c) {
  SIMDNORM_LANE_BY_LANE
  for (Index i = 0; i < kLanes<double>; ++i) {
#ifdef __FP_FAST_FMA
    c.v[i] = __builtin_fma(a.v[i], b.v[i], c.v[i]);
#else
    c.v[i] = static_cast<double>(static_cast<long double>(a.v[i]) * b.v[i] + c.v[i]);
#endif
  }
  return c;
}

template <class T>
inline Pack<T> first(Pack<T> a, All) {
  return a;
}
template <class T>
SIMDNORM_APART inline Pack<T> first(Pack<T> a, First lanes) {
  SIMDNORM_LANE_BY_LANE
  for (Index i = lanes.count; i < kLanes<T>; ++i) a.v[i] = T(0);
  return a;
}

template <class T>
SIMDNORM_APART inline T hsum(Pack<T> a) {
  SIMDNORM_LANE_BY_LANE
  for (Index half = kLanes<T> / 2; half > 0; half /= 2) {
    SIMDNORM_LANE_BY_LANE
    for (Index i = 0; i < half; ++i) a.v[i] += a.v[i + half];
  }
  return a.v[0];
}

inline void hsums(const Pack<float>* v, float* sums) { hsums_one_by_one(v, sums); }
inline void hsums(const Pack<double>* v, double* sums) { hsums_one_by_one(v, sums); }

}  // namespace
}  // namespace simdnorm
