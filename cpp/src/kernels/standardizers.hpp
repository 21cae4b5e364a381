// From moments, or from statistics that are given, to how an item is standardized; and from the sums of a backward
// pass to its projection. Scalar mathematics as in moments.hpp.
#pragma once

#include <cfloat>
#include <cmath>

#include "kernels/moments.hpp"

namespace simdnorm {
namespace {

struct TwoPieces {
  double high, low;
};

/// The mean as two pieces of T: what x - mean needs where one T is coarser than the spread of x.
/// |low| <= |x - mean| for every x of type T, for high is the T nearest to the mean; so low * rstd is at most 1.
template <class T>
SIMDNORM_INLINE inline TwoPieces mean_of(const Moments& m) {
  Sum mean = {m.pivot, 0.0};
  add(mean, m.offset.value);
  add(mean, m.offset.error);
  const double high = static_cast<double>(static_cast<T>(value(mean)));
  return {high, (mean.value - high) + mean.error};
}

/// 1 / sqrt(m2 / n + eps) as two pieces of T. For T = double each of the four roundings would cost a unit of the
/// result, so they are carried along as residuals (fma makes them exact) and one Newton step brings them home.
template <class T>
SIMDNORM_INLINE inline TwoPieces rstd_of(const Sum& m2, Index count, double eps) {
  const double n = static_cast<double>(count);
  const double variance = value(m2) / n;
  Sum s = {variance, 0.0};
  add(s, eps);
  const double rstd = 1.0 / std::sqrt(s.value);
  const bool finite = (rstd > 0.0) & (rstd <= DBL_MAX);  // else of an infinite variance, or of none
  if (sizeof(T) == 4) {
    const bool fits = rstd <= FLT_MAX;
    const double rounded = static_cast<double>(static_cast<float>(rstd));
    const double high = fits ? rounded : (finite ? double{FLT_MAX} : rstd);
    return {high, (fits & finite) ? rstd - high : 0.0};
  }
  const double lost = s.error + (std::fma(-variance, n, m2.value) + m2.error) / n;
  const double t = s.value * rstd;
  const double excess = std::fma(t, rstd, -1.0) + (std::fma(s.value, rstd, -t) + lost * rstd) * rstd;
  const double correction = -0.5 * rstd * excess;
  const double high = finite ? rstd + correction : rstd;
  return {high, finite ? correction - (high - rstd) : 0.0};
}

template <class T>
SIMDNORM_INLINE inline Standardizer<T> standardizer(TwoPieces mean, TwoPieces rstd, double prescale) {
  const double low = prescale == 1.0 ? 0.0 : rstd.low;  // all others are as if the rare ones did not exist
  // Beside an infinite rstd there is nothing to correct, and 0 * inf would spoil the infinite y of an x off the mean.
  const double shift = rstd.high <= (sizeof(T) == 4 ? FLT_MAX : DBL_MAX) ? 0.0 - mean.low * rstd.high : 0.0;
  return {static_cast<T>(prescale), static_cast<T>(mean.high), static_cast<T>(rstd.high), static_cast<T>(shift),
          static_cast<T>(low)};
}

/// eps of values that are scaled; a constant item must not become 0 / 0.
SIMDNORM_INLINE inline double scaled_eps(double eps, double prescale) {
  const double scaled = eps * prescale * prescale;
  return eps > 0.0 && scaled < DBL_MIN ? DBL_MIN : scaled;
}

/// Of an item whose squares neither overflowed nor vanished.
template <class T>
SIMDNORM_INLINE inline Standardizer<T> ordinary_standardizer(const Moments& m, Index count, double eps) {
  return standardizer<T>(mean_of<T>(m), rstd_of<T>(m.m2, count, scaled_eps(eps, 1.0)), 1.0);
}

/// From statistics that were given: rstd, and a mean of full double precision.
template <class T>
inline Standardizer<T> given_standardizer(double mean, double rstd) {
  const double high = static_cast<double>(static_cast<T>(mean));
  return standardizer<T>({high, mean - high}, {rstd, 0.0}, 1.0);
}

/// As backward passes find it for item i: mean and rstd rounded to T; null means are zero.
template <class T>
inline Standardizer<T> saved_standardizer(const T* mean, const T* rstd, Index i) {
  return {T(1), mean ? mean[i] : T(0), rstd[i], T(0), T(0)};
}

/// From final moments of x * prescale to how item `i` is standardized; writes the statistics that are wanted.
template <class T>
inline Standardizer<T> finished(const Moments& moments, Index count, double eps, double prescale,
                                const SavedStatistics<T>& saved, Index i) {
  const TwoPieces mean = mean_of<T>(moments), rstd = rstd_of<T>(moments.m2, count, scaled_eps(eps, prescale));
  const double m2 = value(moments.m2) / prescale / prescale;
  if (saved.mean) saved.mean[i] = static_cast<T>(mean.high / prescale);
  if (saved.rstd) {
    // Of x itself, unless its variance overflows, or is so small that it has lost digits.
    const double s = prescale == 1.0 ? 0.0 : m2 / static_cast<double>(count) + eps;
    saved.rstd[i] = static_cast<T>(s >= DBL_MIN && s <= DBL_MAX ? 1.0 / std::sqrt(s) : rstd.high * prescale);
  }
  if (saved.statistics) saved.statistics[i] = {mean_of<double>(moments).high / prescale, m2};
  return standardizer<T>(mean, rstd, prescale);
}

/// The digits of the mean that its rounding to T lost, found again as the mean of xhat, which ought to be zero.
/// Only a correction that rounding can explain is taken, with room for the few units by which the forward pass and
/// this sum may err themselves; any other mean was meant as it was given.
template <class T>
inline double recovered(double sum_xhat, Index count, const Standardizer<T>& s) {
  const double unit = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;
  const double lost = sum_xhat / static_cast<double>(count);
  const double most = unit * std::fabs(static_cast<double>(s.mean) * static_cast<double>(s.rstd));
  return std::fabs(lost) <= most * (1.0 + 0x1p-6) + 8.0 * unit ? lost : 0.0;
}

/// Of an item that has its statistics for itself.
template <class T>
inline Projection<T> projection(const GradientSums& sums, Index count, double scale) {
  const double n = static_cast<double>(count);
  return {T(1), static_cast<T>(scale), static_cast<T>(value(sums.dy) / n), static_cast<T>(value(sums.dy_xhat) / n)};
}

/// Sums that were taken about a mean less exact by `lost` become those about the data's own.
inline void recentre(GradientSums& sums, double lost) { add(sums.dy_xhat, -lost * value(sums.dy)); }

template <class T>
inline Standardizer<T> recentred(Standardizer<T> saved, double lost) {
  saved.shift = static_cast<T>(static_cast<double>(saved.shift) - lost);
  return saved;
}

/// From the sums of an item, taken with its saved statistics, to all that its dx needs. `weight` is the item's, if it
/// has one.
template <class T>
SIMDNORM_INLINE inline Gradients<T> gradients_of(GradientSums& sums, Index count, Standardizer<T> saved,
                                                 const Backward& pass, double weight) {
  const double scale = static_cast<double>(saved.rstd) * weight;
  if (pass.frozen) return {saved, {T(1), static_cast<T>(scale), T(0), T(0)}};
  if (pass.about == About::zero) {  // a gradient that is the same everywhere is not taken away
    Projection<T> about_zero = projection<T>(sums, count, scale);
    about_zero.dy_mean = T(0);
    return {saved, about_zero};
  }
  if (pass.rounded) {
    const double lost = recovered(value(sums.xhat), count, saved);
    saved = recentred(saved, lost);
    recentre(sums, lost);
  }
  return {saved, projection<T>(sums, count, scale)};
}

/// The same of `items` that share statistics about their mean, and hold `count` values together; weight(i) is that of
/// item i.
template <class T, class WeightOf>
inline void gradients_of_group(GradientSums* sums, Index items, Index count, Standardizer<T> saved, WeightOf weight,
                               Gradients<T>* gradients) {
  double xhat = 0.0;
  for (Index i = 0; i < items; ++i) xhat += value(sums[i].xhat);
  const double lost = recovered(xhat, count, saved);
  saved = recentred(saved, lost);
  Sum dy = {}, dy_xhat = {};
  for (Index i = 0; i < items; ++i) {
    recentre(sums[i], lost);
    add(dy, weight(i) * value(sums[i].dy));
    add(dy_xhat, weight(i) * value(sums[i].dy_xhat));
  }
  const double n = static_cast<double>(count);
  const T dy_mean = static_cast<T>(value(dy) / n), dy_xhat_mean = static_cast<T>(value(dy_xhat) / n);
  for (Index i = 0; i < items; ++i) {
    gradients[i] = {saved, {static_cast<T>(weight(i)), saved.rstd, dy_mean, dy_xhat_mean}};
  }
}

inline void add(GradientSums& sums, const GradientSums& more) {
  add(sums.dy, value(more.dy));
  add(sums.dy_xhat, value(more.dy_xhat));
  add(sums.xhat, value(more.xhat));
}

}  // namespace
}  // namespace simdnorm
