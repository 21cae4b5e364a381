// The scalar mathematics of moments, in double whatever the data: sums, Chan's merge, and rare items taken again.
// Plain C++ without contraction, so that drivers and kernels of every instruction set get the same bits.
#pragma once

#include <cfloat>
#include <cmath>

#include "kernels/arguments.hpp"

namespace simdnorm {
namespace {

/// s.value + s.error += term, with the rounding of each addition kept (Knuth's TwoSum).
inline void add(Sum& s, double term) {
  const double total = s.value + term;
  const double part = total - s.value;
  s.error += (s.value - (total - part)) + (term - part);
  s.value = total;
}

inline double value(const Sum& s) { return s.value + s.error; }

/// The weights with which nb values join na others; the same for all columns of a block, so computed apart.
struct MergeWeights {
  double of_delta;    // nb / (na + nb)
  double of_squares;  // na nb / (na + nb)
};

inline MergeWeights merge_weights(Index na, Index nb) {
  const double a = static_cast<double>(na), b = static_cast<double>(nb);
  return {b / (a + b), a * (b / (a + b))};
}

/// Chan, Golub & LeVeque (1979): moments of a united with those of b, neither of them empty.
///
///   delta = mean_b - mean_a;  mean += delta nb / n;  m2 += m2_b + delta^2 na nb / n
///
/// Means are kept as pivot + offset, and delta is summed with its errors: it is right to its own last digit, however
/// far the first values lay from all that follow.
inline void merge(Moments& a, const Moments& b, MergeWeights w) {
  Sum difference = {b.pivot, 0.0};
  add(difference, -a.pivot);
  add(difference, b.offset.value);
  add(difference, -a.offset.value);
  const double delta = value(difference) + (b.offset.error - a.offset.error);
  add(a.offset, delta * w.of_delta);
  add(a.m2, value(b.m2));
  add(a.m2, delta * delta * w.of_squares);
}

/// sum d and sum d^2 about a pivot near the mean become moments; rounding must not make a variance negative.
inline Moments moments_about(double pivot, double sum, double squares, Index count) {
  const double offset = sum / static_cast<double>(count);
  const double m2 = squares - sum * offset;
  return {pivot, {offset, 0.0}, {m2 < 0.0 ? 0.0 : m2, 0.0}};
}

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

struct PrescaledMoments {
  Moments moments;  // of x * prescale
  double prescale;
};

/// The moments of an item whose squares may have overflowed or vanished in T: one value after the other, in double,
/// times a power of two. `moments` come back as they are where x is zero, or holds an infinity or a NaN.
template <class T>
inline PrescaledMoments retaken(const Moments& moments, const T* x, Index segments, Index length, Index stride) {
  const auto for_each = [&](auto take) {
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

}  // namespace
}  // namespace simdnorm
