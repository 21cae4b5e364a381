#include "accuracy.hpp"

namespace simdnorm::test {
namespace {

/// A row of no element has no statistics.
bool defined(const Trial& trial, const std::string& output) {
  if (trial.problem().operation->by_channel() || trial.pattern().parameters > 0) return true;
  return output != "mean" && output != "rstd";
}

}  // namespace

void check_accuracy(const std::vector<Problem>& cases, const std::vector<Index>& offsets) {
  for (const Problem& problem : cases) {
    const Trial trial(problem);
    const Reference reference(trial);
    std::map<std::string, Expected> expected;
    for (const Isa isa : available_isas()) {
      for (const Index offset : offsets) {
        for (const Values& output : trial.run(isa, {.offset = offset})) {
          if (!defined(trial, output.name)) continue;
          const auto [known, first] = expected.try_emplace(output.name);
          if (first) known->second = reference.expected(output.name);
          INFO(problem.title(), " on ", label(isa), ", offset ", offset, ": ", output.name);
          CHECK(worst(output, known->second) <= 1);
        }
      }
    }
  }
}

}  // namespace simdnorm::test
