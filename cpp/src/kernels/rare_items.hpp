// Items whose squares overflow or vanish in T: recognised by the variance that they leave, and taken again in double.
#pragma once

#include <cfloat>
#include <cmath>

#include "elements.hpp"
#include "kernels/standardizers.hpp"

namespace simdnorm {
namespace {

/// Whether squares neither overflowed nor vanished, so that the fast path's variance can be trusted; and whether
/// x - mean will not overflow, where moments of few values were merged in double.
template <class T>
constexpr double kLeastVariance = sizeof(T) == 4 ? 0x1p-100 : 0x1p-900;
template <class T>
constexpr double kMostVariance = sizeof(T) == 4 ? 0x1p200 : DBL_MAX;

template <class T>
inline bool ordinary(const Moments& m, Index count, double eps) {
  const double variance = value(m.m2) / static_cast<double>(count);
  return (variance <= kMostVariance<T>)&(variance + eps >= kLeastVariance<T>);
}

/// A power of two (so that the product is exact) that brings values up to `largest` near 1.
template <class T>
inline double prescale_for(double largest) {
  constexpr int most = sizeof(T) == 4 ? 126 : 1022;
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::ldexp(1.0, exponent > most ? -most : (exponent < -most ? most : -exponent));
}

struct PrescaledMoments {
  Moments moments;  // of x * prescale
  double prescale;
};

/// The moments of an item whose squares may have overflowed or vanished in T: one value after the other, in double,
/// times a power of two. `moments` come back as they are where x is zero, or holds an infinity or a NaN.
/// for_each(take) gives every value of the item to `take`, in order.
template <class T, class ForEach>
inline PrescaledMoments retaken(const Moments& moments, Index count, About about, double eps, ForEach for_each) {
  double largest = 0.0;
  bool finite = true;
  for_each([&](double v) {
    const double size = std::fabs(v);
    finite &= size <= DBL_MAX;
    if (size > largest) largest = size;
  });
  if (!finite || largest == 0.0) return {moments, 1.0};

  const double root = std::sqrt(eps);  // where it is larger than x, eps * prescale^2 must not overflow
  const double prescale = prescale_for<T>(largest > root ? largest : root);
  double pivot = 0.0;
  if (about == About::mean) {
    Sum sum = {};
    for_each([&](double v) { add(sum, v * prescale); });
    pivot = static_cast<double>(static_cast<T>(value(sum) / static_cast<double>(count)));
  }
  Sum deviations = {}, squares = {};
  for_each([&](double v) {
    const double d = v * prescale - pivot;
    if (about == About::mean) add(deviations, d);
    add(squares, d * d);
  });
  return {moments_about(pivot, value(deviations), value(squares), count), prescale};
}

/// From the moments of an item to how it is standardized; writes the statistics that are wanted, at `i`. An item
/// without a value has the moments of zeros.
template <class T, class ForEach>
inline Standardizer<T> finished_or_retaken(const Moments& moments, Index count, About about, double eps,
                                           const SavedStatistics<T>& saved, Index i, ForEach for_each) {
  count = larger(count, 1);
  if (ordinary<T>(moments, count, eps)) return finished(moments, count, eps, 1.0, saved, i);
  const PrescaledMoments again = retaken<T>(moments, count, about, eps, for_each);
  return finished(again.moments, count, eps, again.prescale, saved, i);
}

}  // namespace
}  // namespace simdnorm
