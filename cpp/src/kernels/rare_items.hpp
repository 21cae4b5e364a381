// Items whose squares overflow or vanish in T: recognised by the variance that they leave, and taken again in double.
#pragma once

#include <cfloat>
#include <cmath>

#include "kernels/standardizers.hpp"

namespace simdnorm {
namespace {

/// Whether squares neither overflowed nor vanished, so that the fast path's variance can be trusted.
template <class T>
constexpr double kLeastVariance = sizeof(T) == 4 ? 0x1p-100 : 0x1p-900;

template <class T>
inline bool ordinary(const Moments& m, Index count, double eps) {
  const double variance = value(m.m2) / static_cast<double>(count);
  return variance <= DBL_MAX && variance + eps >= kLeastVariance<T>;
}

/// A power of two (so that the product is exact) that brings values up to `largest` near 1.
template <class T>
inline double prescale_for(double largest) {
  constexpr int most = sizeof(T) == 4 ? 126 : 1022;
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::ldexp(1.0, exponent > most ? -most : (exponent < -most ? most : -exponent));
}

/// Where the values of an item lie, of either loop shape.
template <class T>
struct ItemValues {
  const T* x;
  Index segments, length, stride;
};

struct PrescaledMoments {
  Moments moments;  // of x * prescale
  double prescale;
};

/// The moments of an item whose squares may have overflowed or vanished in T: one value after the other, in double,
/// times a power of two. `moments` come back as they are where x is zero, or holds an infinity or a NaN.
template <class T>
inline PrescaledMoments retaken(const Moments& moments, const ItemValues<T>& values) {
  const auto [x, segments, length, stride] = values;
  const auto for_each = [x = x, segments = segments, length = length, stride = stride](auto take) {
    for (Index s = 0; s < segments; ++s) {
      for (Index i = 0; i < length; ++i) take(static_cast<double>(x[s * stride + i]));
    }
  };
  double largest = 0.0;
  for (Index s = 0; s < segments; ++s) {
    for (Index i = 0; i < length; ++i) {
      const double size = std::fabs(static_cast<double>(x[s * stride + i]));
      if (!(size <= DBL_MAX)) return {moments, 1.0};
      if (size > largest) largest = size;
    }
  }
  if (largest == 0.0) return {moments, 1.0};

  const double prescale = prescale_for<T>(largest);
  const Index count = segments * length;
  Sum sum = {}, deviations = {}, squares = {};
  for_each([&](double v) { add(sum, v * prescale); });
  const double pivot = static_cast<double>(static_cast<T>(value(sum) / static_cast<double>(count)));
  for_each([&](double v) {
    const double d = v * prescale - pivot;
    add(deviations, d);
    add(squares, d * d);
  });
  return {moments_about(pivot, value(deviations), value(squares), count), prescale};
}

/// From the moments of item `i` to how it is standardized; writes the statistics that are wanted.
template <class T>
inline Standardizer<T> finished_or_retaken(const Moments& moments, Index count, double eps,
                                           const SavedStatistics<T>& saved, Index i, const ItemValues<T>& values) {
  if (ordinary<T>(moments, count, eps)) return finished(moments, count, eps, 1.0, saved, i);
  const PrescaledMoments again = retaken(moments, values);
  return finished(again.moments, count, eps, again.prescale, saved, i);
}

}  // namespace
}  // namespace simdnorm
