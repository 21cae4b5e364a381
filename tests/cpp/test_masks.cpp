// What a mask leaves out counts for nothing, wherever it lies and whatever stands there. (Inputs are NaN there.)
#include "accuracy.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const std::vector<ChannelLayout> layouts = {
    {37, 1, 12, 1}, {5, 1, 12, 49}, {5, 49, 12, 1}, {3, 5, 12, 37}, {1, 1, 4, 9000}};

/// What a mask that differs along everything may differ along: where channels are last, not along them.
Mask along_all(const ChannelLayout& layout) { return {nullptr, true, true, layout.inner > 1, true}; }

std::vector<Problem> under(const MaskRule& mask, const ChannelLayout& layout) { return problems({{layout, 4, mask}}); }

}  // namespace

TEST_CASE("accurate under every mask") {
  for (const ChannelLayout& layout : layouts) {
    for (const MaskRule& mask : masks(layout)) check_accuracy(under(mask, layout));
  }
}

TEST_CASE("a mask that is true everywhere gives the bits of no mask") {
  const auto all = [](Index, Index, Index, Index) { return true; };
  for (const ChannelLayout& layout : layouts) {
    for (const Mask along : {along_all(layout), Mask{nullptr, true, false, false, false},
                             Mask{nullptr, false, true, false, true}, Mask{nullptr, false, false, false, false}}) {
      on_each_isa(under({"all", along, all}, layout), available_isas(),
                  [](const Trial& trial) { CHECK(difference(trial.run(), trial.run({.without = {"mask"}})) == ""); });
    }
  }
}

TEST_CASE("what a mask leaves out changes no bit of the rest") {
  for (const ChannelLayout& layout : layouts) {
    for (const MaskRule& mask : masks(layout)) {
      for (Problem& problem : under(mask, layout)) {
        const Trial nan(problem);
        problem.masked_value = 0.75;
        const Trial number(problem);
        for (const Isa isa : available_isas()) {
          INFO(problem.title(), " on ", label(isa));
          CHECK(difference(nan.run(isa), number.run(isa)) == "");
        }
      }
    }
  }
}

TEST_CASE("a group without a value has mean 0, rstd 1 / sqrt(eps), and zeros") {
  const auto second_sample_is_empty = [](Index n, Index, Index, Index) { return n != 1; };
  for (const ChannelLayout& layout : layouts) {
    std::vector<Problem> cases =
        under({"empty sample", {nullptr, true, false, false, false}, second_sample_is_empty}, layout);
    std::erase_if(cases, [](const Problem& problem) { return problem.operation->name == "instance_norm_forward"; });
    check_accuracy(cases);
  }
}

TEST_CASE("statistics of fewer than two values are refused, and nothing is written") {
  for (const ChannelLayout& layout : layouts) {
    for (const Index values : {0, 1}) {
      const auto few = [=](Index n, Index o, Index, Index i) {
        return n * layout.outer * layout.inner + o * layout.inner + i < values;
      };
      const auto few_of_one_channel = [=](Index n, Index o, Index c, Index i) { return c != 1 || few(n, o, c, i); };
      std::vector<MaskRule> rules = {{"few values", {nullptr, true, true, false, true}, few}};
      if (layout.inner > 1) rules.push_back({"a channel of few values", along_all(layout), few_of_one_channel});
      for (const MaskRule& rule : rules) {
        for (const Problem& problem : under(rule, layout)) {
          if (!problem.operation->needs_two()) continue;
          INFO(problem.title());
          const Trial trial(problem);
          CHECK(trial.refused());
          CHECK(trial.refused({.without = {"running_mean", "running_var"}}));
        }
      }
    }
  }
}
