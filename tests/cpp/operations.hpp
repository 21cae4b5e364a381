// The one list of operations that every test walks: a new operation is an entry in one of the *_operations.cpp.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "trial.hpp"

namespace simdnorm::test {

/// What shares statistics: a kept position of rows (trailing rows: only rows_of() is taken), a channel of the whole
/// batch, a group of channels of a sample, a channel of a sample.
enum class Family { rows, trailing_rows, batch, groups, instances };

/// Which statistics normalize: those of x (as it is, or as a forward pass saved them), or any that somebody gives.
enum class Statistics { of_x, given };

struct Operation {
  std::string name;
  Family family;
  Statistics statistics;
  std::array<std::function<Outcome(const Trial&, const Manner&)>, std::size(kTypes)> run;

  bool has(const char* part) const { return name.find(part) != std::string::npos; }
  bool by_channel() const { return family != Family::rows && family != Family::trailing_rows; }
  bool centered() const { return !has("rms"); }
  bool masked() const { return by_channel() && name != "batch_norm_apply"; }

  bool takes_float64() const { return has("_apply") || has("_sums"); }

  /// Whether statistics of fewer than two values are refused.
  bool needs_two() const { return name == "batch_norm_forward" || name == "instance_norm_forward"; }

  /// Whether samples know nothing of each other.
  bool by_sample() const {
    return family != Family::batch || name == "batch_norm_apply" || name == "batch_norm_inference";
  }
};

const std::vector<Operation>& operations();
const Operation& operation(const std::string& name);

std::vector<Operation> row_norms();
std::vector<Operation> group_norms();
std::vector<Operation> batch_norms();

}  // namespace simdnorm::test
