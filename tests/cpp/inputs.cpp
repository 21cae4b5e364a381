#include "inputs.hpp"

#include "operations.hpp"

namespace simdnorm::test {
namespace {

/// After so many the numbers begin again: a prime, so that rows of common lengths stay different.
constexpr Index kPeriod = 65521;

/// center + spread * [-1, 1), from the first-th number on.
Values random_values(const std::string& name, Kind kind, Index size, std::uint64_t seed, double center, double spread,
                     Index first = 0) {
  Values result(name, kind, size);
  for (Index i = 0; i < std::min(size, kPeriod); ++i) {
    result.set(i, center + spread * random_number(seed, static_cast<std::uint64_t>((first + i) % kPeriod)));
  }
  const Index period = kPeriod * format(kind).bytes;
  for (auto at = static_cast<std::size_t>(period); at < result.bytes.size(); ++at) {
    result.bytes[at] = result.bytes[at - static_cast<std::size_t>(period)];
  }
  return result;
}

void fill_masked(Values& values, const Trial& trial) {
  for (Index e = 0; e < values.size(); ++e) {
    if (!trial.pattern().counted[static_cast<std::size_t>(e)]) values.set(e, trial.problem().masked_value);
  }
}

Values make_x(const Trial& trial, Index first) {
  const Problem& problem = trial.problem();
  Values x = random_values("x", problem.types.elements, problem.shape.size(), 1, problem.center, problem.spread, first);
  if (problem.change) {
    for (Index e = 0; e < x.size(); ++e) x.set(e, problem.change(e, static_cast<double>(x[e])));
  }
  fill_masked(x, trial);
  return x;
}

Values make_mask(const Trial& trial) {
  const auto& [samples, outer, channels, inner] = trial.problem().shape.channels;
  const MaskRule& mask = trial.problem().shape.mask;
  const auto size = [](bool along, Index n) { return along ? n : Index{1}; };
  const Index n_size = size(mask.along.along_samples, samples), o_size = size(mask.along.along_outer, outer);
  const Index c_size = size(mask.along.along_channels, channels), i_size = size(mask.along.along_inner, inner);
  Values result("mask", Kind::boolean, n_size * o_size * c_size * i_size);
  for (Index at = 0; at < result.size(); ++at) {
    const Index i = at % i_size, c = at / i_size % c_size, o = at / i_size / c_size % o_size;
    const Index n = at / i_size / c_size / o_size + (mask.along.along_samples ? trial.problem().first_sample : 0);
    result.set(at, mask.counts(n, o, c, i));
  }
  return result;
}

/// Statistics as the library's own forward pass saves them: its bits are the same on every machine, those of a long
/// double are not. Of no values there are none.
Values saved(const Trial& trial, const std::string& name) {
  Problem forward = trial.problem();
  const std::string norm = forward.operation->name.substr(0, forward.operation->name.find("_backward"));
  if (norm == "instance_norm") {  // of single values, too
    forward.operation = &operation("group_norm_forward"), forward.shape.groups = forward.shape.channels.channels;
  } else {  // what is backward's x was summed before
    forward.operation = &operation(norm.substr(norm.starts_with("add_") ? 4 : 0) + "_forward");
  }
  const Outcome outcome = Trial(forward).outcome();
  if (outcome.status == Status::ok) return named(outcome.outputs, name);
  return Values(name, forward.types.statistics(), trial.pattern().groups);
}

}  // namespace

double random_number(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = (index + 1) * 0x9E3779B97F4A7C15u ^ seed * 0xD1342543DE82EF95u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 40) / 8388608.0 - 1.0;
}

Values make_input(const Trial& trial, const std::string& name) {
  const Problem& problem = trial.problem();
  const Pattern& pattern = trial.pattern();
  const Types& types = problem.types;
  const Index size = problem.shape.size(), parameters = pattern.parameters;
  const Index first = problem.first_sample * size / std::max(problem.shape.samples(), Index{1});
  const bool given = problem.operation->statistics == Statistics::given;
  // Parts of BatchNorm take statistics in float64.
  const Kind statistics = problem.operation->takes_float64() ? Kind::float64 : types.statistics();

  if (name == "x") return make_x(trial, first);
  if (name == "mask") return make_mask(trial);
  if (name == "dy") {
    Values dy = random_values(name, types.elements, size, 2, 0, 1, first);
    fill_masked(dy, trial);
    return dy;
  }
  if (name == "weight") return random_values(name, types.parameters, parameters, 3, 1, 0.5);
  if (name == "bias") return random_values(name, types.parameters, parameters, 4, 0, 1);
  if (name == "residual") return random_values(name, types.elements, size, 5, 0, 1, first);
  if (name == "dsummed") return random_values(name, types.elements, size, 6, 0, 1, first);
  if (name == "running_mean") return random_values(name, statistics, parameters, 7, 0.4, 0.1);
  if (name == "running_var") return random_values(name, statistics, parameters, 8, 2, 0.5);
  if (name == "mean" && given) return random_values(name, statistics, pattern.groups, 9, problem.center, 0.1);
  if (name == "rstd" && given) return random_values(name, statistics, pattern.groups, 10, 2, 0.5);
  if (name == "sum_dy") return random_values(name, Kind::float64, parameters, 11, 0, 5);
  if (name == "sum_dy_xhat") return random_values(name, Kind::float64, parameters, 12, 0, 5);
  if (name == "count") {
    Values count(name, Kind::int64, parameters);
    for (Index c = 0; c < parameters; ++c) count.set(c, 10 + static_cast<double>(c % 7));
    return count;
  }
  return saved(trial, name);
}

}  // namespace simdnorm::test
