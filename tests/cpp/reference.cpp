#include "reference.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "operations.hpp"

namespace simdnorm::test {
namespace {

/// What is left of the bound after numbers have been rounded to `kind` for good, denormals by half a step.
Expected stored(Expected exact, Kind kind, long double u) {
  if (unit(kind) <= u) return exact;
  for (auto& [value, bound] : exact) {
    if (bound == 0) continue;  // exact already
    bound += unit(kind) * (std::fabs(value) + bound) + std::ldexp(0.5L, format(kind).lowest);
  }
  return exact;
}

}  // namespace

double worst(const Values& actual, const Expected& expected) {
  REQUIRE(static_cast<std::size_t>(actual.size()) == expected.size());
  long double ratio = 0;
  for (Index i = 0; i < actual.size(); ++i) {
    const auto [value, bound] = expected[static_cast<std::size_t>(i)];
    if (actual[i] == value) continue;
    const long double error = std::fabs(actual[i] - value);
    if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
    ratio = std::max(ratio, error / bound);
  }
  return static_cast<double>(ratio);
}

Reference::Reference(const Trial& trial)
    : trial_(trial),
      problem_(trial.problem()),
      pattern_(trial.pattern()),
      u_(unit(problem_.types.statistics())),
      normal_(normal(problem_.types.statistics())),
      x_(load("x")),
      origin_(pattern_.count.size()),
      mean_(origin_.size()),
      rstd_(origin_.size()),
      squares_(origin_.size()) {
  if (problem_.weighted) weight_ = load("weight");
  if (problem_.operation->has("backward")) dy_ = load("dy");
  if (problem_.operation->has("add_") && problem_.operation->has("forward")) {
    const Expected sums = summed();
    for (std::size_t e = 0; e < x_.size(); ++e) x_[e] = sums[e].value;
  }
  problem_.operation->statistics == Statistics::given ? take_given_statistics() : take_statistics();
}

Reference::Numbers Reference::load(const char* input) const {
  const Values& values = trial_.input(input);
  Numbers numbers(static_cast<std::size_t>(values.size()));
  for (Index i = 0; i < values.size(); ++i) numbers[static_cast<std::size_t>(i)] = values[i];
  return numbers;
}

void Reference::take_given_statistics() {
  const bool inference = problem_.operation->name == "batch_norm_inference";
  mean_ = load(inference ? "running_mean" : "mean");
  rstd_ = load(inference ? "running_var" : "rstd");
  if (!inference) return;
  for (long double& value : rstd_) value = 1 / std::sqrt(value + static_cast<long double>(problem_.eps));
}

/// A long double has 11 bits more than a double: too few for a mean of 10^8 times the spread, so the mean is kept as
/// its distance from one of the values.
void Reference::take_statistics() {
  if (problem_.operation->centered()) {
    for_each([&](std::size_t e, std::size_t g) { origin_[g] = x_[e]; });
    for_each([&](std::size_t e, std::size_t g) { mean_[g] += (x_[e] - origin_[g]) / count(g); });
  }
  for_each([&](std::size_t e, std::size_t g) {
    const long double centered = x_[e] - origin_[g] - mean_[g];
    squares_[g] += centered * centered;
  });
  for (std::size_t g = 0; g < rstd_.size(); ++g) {
    rstd_[g] = 1 / std::sqrt(squares_[g] / std::max(count(g), 1.0L) + static_cast<long double>(problem_.eps));
  }
}

Expected Reference::expected(const std::string& output) const {
  const Types& types = problem_.types;
  if (output == "y") return stored(y(), types.elements, u_);
  if (output == "summed") return summed();
  if (output == "mean") return mean();
  if (output == "rstd") return rstd();
  if (output == "m2") return m2();
  if (output == "count") return counts();
  if (output == "running_mean") return running_mean();
  if (output == "running_var") return running_var();
  if (output == "dweight") return stored(dweight(), types.parameters, u_);
  if (output == "dbias") return stored(dbias(), types.parameters, u_);
  if (output == "sum_dy") return dbias();
  if (output == "sum_dy_xhat") return dweight();
  if (output == "dx") {
    return stored(problem_.operation->name == "batch_norm_backward_apply" ? dx_from_sums() : dx(), types.elements, u_);
  }
  FAIL("no expectation for " << output);
  return {};
}

template <class F>
Expected Reference::by_element(F value) const {  // where nothing counts, zero exactly
  Expected result(x_.size());
  for_each([&](std::size_t e, std::size_t g) { result[e] = value(e, g); });
  return result;
}

/// A sum for each parameter, of values that term(e) gives beside their size.
template <class F>
Expected Reference::by_parameter(F term) const {
  Numbers values(static_cast<std::size_t>(pattern_.parameters)), terms(values);
  for_each([&](std::size_t e, std::size_t) {
    const auto [value, size] = term(e);
    values[parameter(e)] += value, terms[parameter(e)] += size;
  });
  Expected result(values.size());
  for (std::size_t p = 0; p < result.size(); ++p) result[p] = sum(values[p], terms[p]);
  return result;
}

template <class F>
Expected Reference::by_group(F value) const {
  Expected result(rstd_.size());
  for (std::size_t g = 0; g < result.size(); ++g) result[g] = value(g);
  return result;
}

Expected Reference::y() const {
  const bool biased = problem_.biased && problem_.operation->centered();
  const long double least = problem_.operation->centered() ? 1 : normal_;  // the mean's error, in units of the spread
  const Numbers bias = biased ? load("bias") : Numbers(static_cast<std::size_t>(pattern_.parameters));
  return by_element([&](std::size_t e, std::size_t) {
    const long double value = xhat(e) * weight(e) + bias[parameter(e)];
    return sum(value, std::max(std::fabs(xhat(e)), least) * std::fabs(weight(e)));
  });
}

/// Rounded once, and so exact. A double is not added in long double, which would round it twice.
Expected Reference::summed() const {
  const Values &x = trial_.input("x"), &residual = trial_.input("residual");
  return by_element([&](std::size_t e, std::size_t) {
    const auto i = static_cast<Index>(e);
    const double sum = static_cast<double>(x[i]) + static_cast<double>(residual[i]);
    return Bounded{round_to(problem_.types.elements, sum), 0};
  });
}

Expected Reference::mean() const {
  // Parts of BatchNorm keep it in float64, whatever they are computed in.
  const bool exact = problem_.operation->name == "batch_norm_statistics";
  const long double stored = exact ? unit(Kind::float64) : u_;
  return by_group([&](std::size_t g) {
    const long double value = origin_[g] + mean_[g];
    return Bounded{value, 4 * u_ * spread(g) + 2 * stored * std::fabs(value)};
  });
}

Expected Reference::rstd() const {
  return by_group([&](std::size_t g) { return Bounded{rstd_[g], 4 * u_ * rstd_[g]}; });
}

Expected Reference::m2() const {
  return by_group([&](std::size_t g) { return sum(squares_[g], squares_[g]); });
}

Expected Reference::counts() const {
  return by_group([&](std::size_t g) { return Bounded{count(g), 0}; });
}

Expected Reference::running_mean() const {
  return running("running_mean", by_group([&](std::size_t g) {
                   const long double value = origin_[g] + mean_[g];
                   return Bounded{value, std::fabs(value) + spread(g)};
                 }));
}

Expected Reference::running_var() const {
  return running("running_var", by_group([&](std::size_t g) {
                   const long double value = squares_[g] / (count(g) - (problem_.unbiased ? 1 : 0));
                   return Bounded{value, value};
                 }));
}

/// Old values move towards the average of a channel's groups, that come with their size: one group of BatchNorm, one
/// for each sample of InstanceNorm.
Expected Reference::running(const char* old, const Expected& of_groups) const {
  const Numbers previous = load(old);
  const long double samples = static_cast<long double>(of_groups.size()) / static_cast<long double>(previous.size());
  const long double momentum =
      of_groups.empty() ? 0 : static_cast<long double>(problem_.momentum);  // none moves nothing
  Numbers added(previous.size()), size(added);
  for (std::size_t g = 0; g < of_groups.size(); ++g) {
    added[g % added.size()] += momentum * of_groups[g].value / samples;
    size[g % added.size()] += momentum * of_groups[g].bound / samples;
  }
  Expected result(previous.size());
  for (std::size_t c = 0; c < result.size(); ++c) {
    const long double kept = (1 - momentum) * previous[c];
    result[c] = sum(kept + added[c], std::fabs(kept) + size[c]);
  }
  return result;
}

Expected Reference::dbias() const {
  return by_parameter([&](std::size_t e) { return Bounded{dy_[e], std::fabs(dy_[e])}; });
}

/// A saved mean may be off by mean_units u of the spread, and every xhat with it: a given one is exact.
Expected Reference::dweight() const {
  const bool own = problem_.operation->statistics == Statistics::of_x && problem_.operation->centered();
  return by_parameter([&](std::size_t e) {
    const long double of_mean = own ? mean_units(group(e)) / 4 : 0;  // sum() takes 4 u
    return Bounded{dy_[e] * xhat(e), std::fabs(dy_[e]) * (std::max(std::fabs(xhat(e)), normal_) + of_mean)};
  });
}

/// g = weight * dy; dx = rstd * (g - mean(g) - xhat * mean(g * xhat)), without the means where statistics are
/// constants. A saved rstd is rounded, and the last term has it three times, where the others have it once: 6 u and
/// not 4.
Expected Reference::dx() const {
  const bool constant = problem_.operation->statistics == Statistics::given;
  const bool centered = problem_.operation->centered();
  const Numbers dsummed = problem_.operation->has("add_") ? load("dsummed") : Numbers(x_.size());
  Numbers g1(rstd_.size()), gx(g1), g1_size(g1), gx_size(g1);
  for_each([&](std::size_t e, std::size_t g) {
    const long double term = weight(e) * dy_[e] / count(g);
    if (constant) return;
    gx[g] += term * xhat(e), gx_size[g] += std::fabs(term * xhat(e));
    if (centered) g1[g] += term, g1_size[g] += std::fabs(term);
  });
  return by_element([&](std::size_t e, std::size_t g) {
    const long double own = weight(e) * dy_[e];
    const long double value = rstd_[g] * (own - g1[g] - xhat(e) * gx[g]) + dsummed[e];
    const long double size = rstd_[g] * (std::fabs(own) + g1_size[g] + 1.5L * std::fabs(xhat(e)) * gx_size[g]);
    return sum(value, size + std::fabs(dsummed[e]));
  });
}

Expected Reference::dx_from_sums() const {
  const Numbers sum_dy = load("sum_dy"), sum_dy_xhat = load("sum_dy_xhat"), counts = load("count");
  return by_element([&](std::size_t e, std::size_t c) {
    const long double scale = rstd_[c] * weight(e);
    const long double value = scale * (dy_[e] - (sum_dy[c] + xhat(e) * sum_dy_xhat[c]) / counts[c]);
    const long double terms =
        std::fabs(dy_[e]) + (std::fabs(sum_dy[c]) + std::fabs(xhat(e) * sum_dy_xhat[c])) / counts[c];
    return sum(value, std::fabs(scale) * terms);
  });
}

}  // namespace simdnorm::test
