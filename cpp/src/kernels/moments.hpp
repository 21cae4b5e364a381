// The scalar mathematics of moments, in double whatever the data: sums that keep their errors, and Chan's merge.
// Plain C++ without contraction, so that drivers and kernels of every instruction set get the same bits.
#pragma once

#include <cmath>

#include "kernels/arguments.hpp"

namespace simdnorm {
namespace {

/// s.value + s.error += term, with the rounding of each addition kept (Knuth's TwoSum).
SIMDNORM_INLINE inline void add(Sum& s, double term) {
  const double total = s.value + term;
  const double part = total - s.value;
  s.error += (s.value - (total - part)) + (term - part);
  s.value = total;
}

/// Beyond an infinity there are no errors to keep: infinity less infinity stands there.
SIMDNORM_INLINE inline double value(const Sum& s) { return std::isfinite(s.value) ? s.value + s.error : s.value; }

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
SIMDNORM_INLINE inline void merge(Moments& a, const Moments& b, MergeWeights w) {
  Sum difference = {b.pivot, 0.0};
  add(difference, -a.pivot);
  add(difference, b.offset.value);
  add(difference, -a.offset.value);
  const double delta = value(difference) + (b.offset.error - a.offset.error);
  add(a.offset, delta * w.of_delta);
  add(a.m2, value(b.m2));
  add(a.m2, delta * delta * w.of_squares);
}

/// Moments that grow part by part; those of the first are taken as they are, and empty parts have none.
struct GrowingMoments {
  Moments moments = {};
  Index count = 0;

  SIMDNORM_INLINE void take(const Moments& part, Index part_count) {
    if (part_count == 0) return;
    if (count == 0) {
      moments = part;
    } else {
      merge(moments, part, merge_weights(count, part_count));
    }
    count += part_count;
  }
};

/// sum d and sum d^2 about a pivot near the mean become moments; rounding must not make a variance negative.
SIMDNORM_INLINE inline Moments moments_about(double pivot, double sum, double squares, Index count) {
  const double offset = sum / static_cast<double>(count);
  const double m2 = squares - sum * offset;
  return {pivot, {offset, 0.0}, {m2 < 0.0 ? 0.0 : m2, 0.0}};
}

/// The same of sums with their errors.
SIMDNORM_INLINE inline Moments moments_about(double pivot, const Sum& sum, const Sum& squares, Index count) {
  const double offset = value(sum) / static_cast<double>(count);
  Sum m2 = squares;
  add(m2, 0.0 - value(sum) * offset);
  const bool negative = value(m2) < 0.0;
  return {pivot, {offset, 0.0}, {negative ? 0.0 : m2.value, negative ? 0.0 : m2.error}};
}

}  // namespace
}  // namespace simdnorm
