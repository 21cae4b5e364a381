// Normalization in long double, written for the eye: the specification that the kernels are measured against.
#pragma once

#include <string>
#include <vector>

#include "trial.hpp"

namespace simdnorm::test {

struct Bounded {
  long double value = 0, bound = 0;
};
using Expected = std::vector<Bounded>;

/// The largest |actual - expected| / bound: at most 1 when the promise holds, infinite where a NaN stands.
double worst(const Values& actual, const Expected& expected);

/// What an operation should write, by the names of the public headers, and how far off it may be.
///
/// With u the roundoff of the type that is computed in, the bounds are those of simdnorm._selfcheck.bounds, which has
/// their reasons: 4 u of the terms that a result adds and 2 u of itself. What is stored in 16 bits is rounded once
/// more.
class Reference {
 public:
  explicit Reference(const Trial& trial);
  Expected expected(const std::string& output) const;

 private:
  using Numbers = std::vector<long double>;

  Numbers load(const char* input) const;
  void take_given_statistics();
  void take_statistics();

  long double xhat(std::size_t e) const { return (x_[e] - origin_[group(e)] - mean_[group(e)]) * rstd_[group(e)]; }
  long double spread(std::size_t g) const { return std::sqrt(squares_[g] / std::max(count(g), 1.0L)); }
  long double mean_units(std::size_t g) const {
    return 1 + std::min(7.0L, std::fabs(origin_[g] + mean_[g]) * rstd_[g]);
  }
  long double weight(std::size_t e) const { return weight_.empty() ? 1 : weight_[parameter(e)]; }
  std::size_t group(std::size_t e) const { return static_cast<std::size_t>(pattern_.group[e]); }
  std::size_t parameter(std::size_t e) const { return static_cast<std::size_t>(pattern_.parameter[e]); }
  long double count(std::size_t g) const { return static_cast<long double>(pattern_.count[g]); }

  Bounded sum(long double value, long double terms) const {
    return {value, 4 * u_ * terms + 2 * u_ * std::fabs(value)};
  }

  Expected y() const;
  Expected summed() const;
  Expected mean() const;
  Expected rstd() const;
  Expected m2() const;
  Expected counts() const;
  Expected running_mean() const;
  Expected running_var() const;
  Expected running(const char* old, const Expected& of_groups) const;
  Expected dweight() const;
  Expected dbias() const;
  Expected dx() const;
  Expected dx_from_sums() const;

  template <class F>
  void for_each(F visit) const {  // that counts
    for (std::size_t e = 0; e < x_.size(); ++e) {
      if (pattern_.counted[e]) visit(e, group(e));
    }
  }
  template <class F>
  Expected by_element(F value) const;
  template <class F>
  Expected by_parameter(F term) const;
  template <class F>
  Expected by_group(F value) const;

  const Trial& trial_;
  const Problem& problem_;
  const Pattern& pattern_;
  const long double u_, normal_;  // the roundoff, and the smallest number that is rounded by it
  Numbers x_, dy_, weight_;
  Numbers origin_, mean_, rstd_;  // by group; the mean is origin_ + mean_
  Numbers squares_;               // sums of (x - mean)^2
};

}  // namespace simdnorm::test
