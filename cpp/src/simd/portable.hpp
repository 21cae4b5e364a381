// Packs in plain C++, for any processor. Without the processor's fma a fused operation would be slow: what stands for
// it here may round twice, so results agree with the other backends within tolerance, not bit for bit.
#pragma once

#include "simd/pack.hpp"

namespace simdnorm {
namespace {

template <class T>
struct Pack {
  T v[kLanes<T>];
};

template <class T>
inline Pack<T> load(const T* p, All) {
  Pack<T> a;
  for (Index i = 0; i < kLanes<T>; ++i) a.v[i] = p[i];
  return a;
}

template <class T>
inline Pack<T> load(const T* p, First lanes) {
  Pack<T> a = {};
  for (Index i = 0; i < lanes.count; ++i) a.v[i] = p[i];
  return a;
}

template <class T>
inline void store(T* p, Pack<T> a, All) {
  for (Index i = 0; i < kLanes<T>; ++i) p[i] = a.v[i];
}

template <class T>
inline void store(T* p, Pack<T> a, First lanes) {
  for (Index i = 0; i < lanes.count; ++i) p[i] = a.v[i];
}

template <class T>
inline void stream(T* p, Pack<T> a) {
  store(p, a, All{});
}
inline void stream_fence() {}

template <class T>
inline Pack<T> broadcast(T s) {
  Pack<T> a;
  for (Index i = 0; i < kLanes<T>; ++i) a.v[i] = s;
  return a;
}

template <class T>
inline Pack<T> operator+(Pack<T> a, Pack<T> b) {
  for (Index i = 0; i < kLanes<T>; ++i) a.v[i] += b.v[i];
  return a;
}

template <class T>
inline Pack<T> operator-(Pack<T> a, Pack<T> b) {
  for (Index i = 0; i < kLanes<T>; ++i) a.v[i] -= b.v[i];
  return a;
}

template <class T>
inline Pack<T> operator*(Pack<T> a, Pack<T> b) {
  for (Index i = 0; i < kLanes<T>; ++i) a.v[i] *= b.v[i];
  return a;
}

// The product of two floats is exact in double; only a double rounding of the sum, in rare ties, tells it from fused.
inline Pack<float> fma(Pack<float> a, Pack<float> b, Pack<float> c) {
  for (Index i = 0; i < kLanes<float>; ++i) {
    c.v[i] =
        static_cast<float>(static_cast<double>(a.v[i]) * static_cast<double>(b.v[i]) + static_cast<double>(c.v[i]));
  }
  return c;
}

// Of two doubles it is nearly exact in the 80-bit format of x86, the one processor that may lack fma.
inline Pack<double> fma(Pack<double> a, Pack<double> b, Pack<double> c) {
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
inline Pack<T> first(Pack<T> a, First lanes) {
  for (Index i = lanes.count; i < kLanes<T>; ++i) a.v[i] = T(0);
  return a;
}

template <class T>
inline T hsum(Pack<T> a) {
  for (Index half = kLanes<T> / 2; half > 0; half /= 2) {
    for (Index i = 0; i < half; ++i) a.v[i] += a.v[i + half];
  }
  return a.v[0];
}

}  // namespace
}  // namespace simdnorm
