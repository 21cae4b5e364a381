// NaN, infinity, squares that overflow and denormals: what shares no statistics is not touched, and scale never
// matters.
#include "accuracy.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

/// Groups are of even sizes.
const std::vector<Shape> some = {
    rows_of(5, 1030),
    rows_of(5, 2),
    RowLayout{3, 1, 1, 40, 9},
    RowLayout{3, 4, 3, 10, 5},
    {ChannelLayout{10, 1, 24, 1}, 3},
    {ChannelLayout{4, 1, 6, 70}, 2},
    {ChannelLayout{4, 70, 6, 1}, 2},
};

/// Forward passes over the statistics of x.
std::vector<Problem> forward_passes() {
  std::vector<Problem> cases = problems(some);
  std::erase_if(cases, [](const Problem& problem) {
    return !problem.operation->has("forward") || problem.operation->has("add_");
  });
  return cases;
}

}  // namespace

TEST_CASE("a NaN or an infinity spoils what shares its statistics alone") {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const Problem& problem : forward_passes()) {
    const Trial clean(problem);
    const Index spot = problem.shape.size() / 2;
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), infinite, -infinite}) {
      Problem spoiled_problem = problem;
      spoiled_problem.change = [=](Index e, double value) { return e == spot ? bad : value; };
      const Trial spoiled(spoiled_problem);
      for (const Isa isa : available_isas()) {
        INFO(problem.title(), " on ", label(isa), ", bad ", bad);
        const Values expected = named(clean.run(isa), "y"), actual = named(spoiled.run(isa), "y");
        const auto& group = clean.pattern().group;
        Index wrong = 0;
        for (Index e = 0; e < actual.size(); ++e) {
          if (group[static_cast<std::size_t>(e)] != group[static_cast<std::size_t>(spot)]) {
            wrong += actual[e] != expected[e];
          } else if (problem.operation->centered() || std::isnan(bad) || e == spot) {
            wrong += !std::isnan(actual[e]);
          } else {  // RMSNorm divides by an infinite root
            wrong += actual[e] != 0;
          }
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("values whose squares overflow or vanish come out as plus and minus one") {
  for (Problem& problem : forward_passes()) {
    problem.eps = 0, problem.weighted = false, problem.biased = false;
    const Pattern pattern(problem);
    std::vector<Index> seen(pattern.count.size());
    std::vector<double> sign;
    for (const Index group : pattern.group) sign.push_back(seen[static_cast<std::size_t>(group)]++ % 2 ? -1 : 1);
    const Format& f = format(problem.types.elements);
    const double largest = std::ldexp(1 - std::ldexp(1, -f.precision), f.highest);
    const double denormal = std::ldexp(f.precision > 12 ? 1000 : 3, f.lowest);
    for (const double magnitude : {largest, std::sqrt(largest) * 100, 100 / std::sqrt(largest) / 10000, denormal}) {
      problem.change = [&](Index e, double) { return sign[static_cast<std::size_t>(e)] * magnitude; };
      const Trial trial(problem);
      const Expected expected = Reference(trial).expected("y");
      for (const Isa isa : available_isas()) {
        INFO(problem.title(), " on ", label(isa), ", magnitude ", magnitude);
        CHECK(worst(named(trial.run(isa), "y"), expected) <= 1);
      }
    }
  }
}
