// Normalization in long double, written for the eye: the specification that the kernels are measured against.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "support.hpp"

namespace simdnorm::test {

/// Which group of values shares statistics with element e, and which parameter scales it.
struct Layout {
  Index size, groups, group_stride, parameters, parameter_stride;
  std::size_t group(Index e) const { return static_cast<std::size_t>(e / group_stride % groups); }
  std::size_t parameter(Index e) const { return static_cast<std::size_t>(e / parameter_stride % parameters); }
};

inline Layout rows(Index rows, Index length) { return {rows * length, rows, length, length, 1}; }
inline Layout channels(const ChannelLayout& c) {
  return {c.outer * c.channels * c.inner, c.channels, c.inner, c.channels, c.inner};
}

struct Bounded {
  long double value = 0, bound = 0;
};
using Expected = std::vector<Bounded>;

/// The largest |actual - expected| / bound: at most 1 when the promise holds, infinite where a NaN stands.
template <class T>
double worst(const Array<T>& actual, const Expected& expected) {
  REQUIRE(static_cast<std::size_t>(actual.size()) == expected.size());
  long double ratio = 0;
  for (Index i = 0; i < actual.size(); ++i) {
    const auto [value, bound] = expected[static_cast<std::size_t>(i)];
    const long double error = std::fabs(actual[i] - value);
    if (std::isnan(error)) return std::numeric_limits<double>::infinity();
    if (error > 0) ratio = std::max(ratio, error / bound);
  }
  return static_cast<double>(ratio);
}

/// Bounds are in units of the roundoff u of T. Every one is that of DESIGN: 4 u on xhat (on 1 where xhat is smaller),
/// 2 u on the result. A gradient is a sum whose terms carry such an xhat and a rounded rstd up to twice: 8 u of the
/// sum of their magnitudes.
template <class T>
class Reference {
 public:
  Reference(const Layout& layout, const Array<T>& x, const T* weight, const T* bias)
      : layout_(layout), x_(x), weight_(weight), bias_(bias), origin_(groups()), mean_(groups()), rstd_(groups()) {}

  /// The statistics of x itself. A long double has 11 bits more than a double: too few for a mean of 10^6 times the
  /// spread, so the mean is kept as its distance from one of the values.
  Reference& from_x(double eps) {
    std::vector<long double> count(groups()), squares(groups()), magnitude(groups());
    for_each([&](Index e, std::size_t g) { origin_[g] = x_[e]; });
    for_each([&](Index e, std::size_t g) {
      mean_[g] += x_[e] - origin_[g], magnitude[g] += std::fabs(x_[e]), count[g] += 1;
    });
    for (std::size_t g = 0; g < groups(); ++g) mean_[g] /= count[g];
    for_each([&](Index e, std::size_t g) { squares[g] += centered(e) * centered(e); });
    for (std::size_t g = 0; g < groups(); ++g) {
      variance.push_back({squares[g] / count[g], 4 * u * squares[g] / count[g]});
      rstd_[g] = 1 / std::sqrt(variance[g].value + eps);
      mean.push_back({origin_[g] + mean_[g], 2 * u * magnitude[g] / count[g]});
      rstd.push_back({rstd_[g], 4 * u * rstd_[g]});
    }
    return *this;
  }

  /// Statistics that somebody gives: inference and the frozen backward pass.
  template <class S>
  Reference& from(const Array<S>& given_mean, const Array<S>& given_rstd) {
    std::copy(given_mean.begin(), given_mean.end(), mean_.begin());
    std::copy(given_rstd.begin(), given_rstd.end(), rstd_.begin());
    return *this;
  }

  Expected y() const {
    Expected result(static_cast<std::size_t>(layout_.size));
    for_each([&](Index e, std::size_t) {
      const long double value = xhat(e) * weight(e) + (bias_ ? bias_[layout_.parameter(e)] : 0);
      result[static_cast<std::size_t>(e)] = {value,
                                             4 * u * xhat_scale(e) * std::fabs(weight(e)) + 2 * u * std::fabs(value)};
    });
    return result;
  }

  Expected dbias(const Array<T>& dy) const {
    return over_parameters([&](Index e) { return Bounded{dy[e], 8 * u * std::fabs(dy[e])}; });
  }
  Expected dweight(const Array<T>& dy) const {
    return over_parameters([&](Index e) { return Bounded{dy[e] * xhat(e), 8 * u * std::fabs(dy[e]) * xhat_scale(e)}; });
  }

  /// training: the statistics move with x; otherwise they are constants.
  Expected dx(const Array<T>& dy, bool training = true) const {
    std::vector<long double> count(groups()), g1(groups()), gx(groups()), g1_scale(groups()), gx_scale(groups());
    for_each([&](Index e, std::size_t g) {
      const long double term = weight(e) * dy[e];
      count[g] += 1, g1[g] += term, gx[g] += term * xhat(e);
      g1_scale[g] += std::fabs(term), gx_scale[g] += std::fabs(term) * xhat_scale(e);
    });
    Expected result(static_cast<std::size_t>(layout_.size));
    for_each([&](Index e, std::size_t g) {
      long double value = weight(e) * dy[e], scale = std::fabs(value);
      if (training) {
        value -= (g1[g] + xhat(e) * gx[g]) / count[g];
        scale += (g1_scale[g] + xhat_scale(e) * gx_scale[g]) / count[g];
      }
      result[static_cast<std::size_t>(e)] = {rstd_[g] * value, 8 * u * rstd_[g] * scale};
    });
    return result;
  }

  Expected mean, rstd, variance;

 private:
  static constexpr long double u = std::numeric_limits<T>::epsilon() / 2;

  std::size_t groups() const { return static_cast<std::size_t>(layout_.groups); }
  long double weight(Index e) const { return weight_ ? weight_[layout_.parameter(e)] : 1; }
  long double centered(Index e) const { return x_[e] - origin_[layout_.group(e)] - mean_[layout_.group(e)]; }
  long double xhat(Index e) const { return centered(e) * rstd_[layout_.group(e)]; }
  long double xhat_scale(Index e) const { return std::max(std::fabs(xhat(e)), 1.0L); }

  template <class F>
  void for_each(F visit) const {
    for (Index e = 0; e < layout_.size; ++e) visit(e, layout_.group(e));
  }
  template <class F>
  Expected over_parameters(F term) const {
    Expected result(static_cast<std::size_t>(layout_.parameters));
    for_each([&](Index e, std::size_t) {
      const auto [value, bound] = term(e);
      result[layout_.parameter(e)].value += value;
      result[layout_.parameter(e)].bound += bound;
    });
    return result;
  }

  Layout layout_;
  const Array<T>& x_;
  const T* weight_;
  const T* bias_;
  std::vector<long double> origin_, mean_, rstd_;  // the mean is origin_ + mean_
};

}  // namespace simdnorm::test
