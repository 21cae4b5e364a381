#include "fuzz/promises.hpp"

#include <algorithm>

#include "operations.hpp"

namespace simdnorm::test {
namespace {

bool lacks_required(const Outcome& outcome, const Problem& problem, const Manner& manner) {
  // Where running statistics are updated they are given or left out together, and then not required.
  const bool no_running = problem.operation->needs_two() && manner.without.contains("running_mean") &&
                          manner.without.contains("running_var");
  return std::any_of(outcome.required.begin(), outcome.required.end(), [&](const std::string& name) {
    return manner.without.contains(name) && !(no_running && name.starts_with("running"));
  });
}

bool lacks_values(const Problem& problem, const Pattern& pattern) {
  return problem.operation->needs_two() &&
         std::any_of(pattern.count.begin(), pattern.count.end(), [](Index n) { return n < 2; });
}

/// Nothing to read or to write: an operation need not look at the rest.
bool is_idle(const Problem& problem, const Outcome& outcome) {
  const bool wanted = std::any_of(outcome.outputs.begin(), outcome.outputs.end(),
                                  [](const Values& output) { return output.size() > 0; });
  return problem.shape.size() == 0 || !wanted;
}

/// Which NaN it is depends on which of two operands the processor looks at first, and is not promised.
Outputs with_one_nan(Outputs outputs) {
  for (Values& output : outputs) {
    if (output.kind == Kind::int64) continue;
    for (Index i = 0; i < output.size(); ++i) {
      if (std::isnan(output[i])) output.set(i, std::numeric_limits<double>::quiet_NaN());
    }
  }
  return outputs;
}

}  // namespace

std::string broken_promise(const Described& described) {
  const auto& [problem, manner, isa, other, threads] = described;
  const Trial trial(problem);
  const auto outcome_on = [&](Isa on, int members, const Manner& how) {
    const Setting setting(on, members);
    return trial.outcome(how);
  };
  const Outcome outcome = outcome_on(isa, threads, manner);
  if (outcome.status == Status::out_of_memory) return "there is memory enough";
  const bool invalid =
      manner.spoil || lacks_required(outcome, problem, manner) || lacks_values(problem, trial.pattern());
  if (outcome.status != Status::ok) {
    if (!invalid) return "what is valid is not refused";
    return outcome.outputs == outcome.before ? "" : "what is refused writes nothing";
  }
  if (invalid) return is_idle(problem, outcome) ? "" : "what is invalid is refused";
  const Outputs again = outcome_on(other, 1, {.without = manner.without}).outputs;
  if (outcome.outputs == again) return "";
  const std::string differing = difference(with_one_nan(outcome.outputs), with_one_nan(again));
  return differing.empty() ? "" : "the same bits in any manner, on any ISA and number of threads: " + differing;
}

}  // namespace simdnorm::test
