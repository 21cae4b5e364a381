#include "golden.hpp"

#include <cstdio>

#include "shapes.hpp"

namespace simdnorm::test {
namespace {

/// All that differ in how they lie, and some that are summed in several blocks of rows.
std::vector<Shape> golden_shapes() {
  std::vector<Shape> result = shapes();
  result.insert(result.end(), {rows_of(2200, 5), RowLayout{1, 1, 1, 1100, 19}, {ChannelLayout{1100, 1, 69, 1}, 3}});
  return result;
}

/// Some of each kind.
std::vector<Shape> extreme_shapes() {
  std::vector<Shape> result = {
      rows_of(5, 130),
      RowLayout{3, 1, 1, 40, 9},
      RowLayout{3, 4, 3, 10, 5},
      {ChannelLayout{10, 1, 24, 1}, 3},
  };
  for (const ChannelLayout layout : {ChannelLayout{4, 1, 6, 70}, ChannelLayout{4, 70, 6, 1}}) {
    result.push_back({layout, 2});
    for (const MaskRule& mask : masks(layout)) result.push_back({layout, 2, mask});
  }
  return result;
}

Values with_one_nan(Values values) {
  if (values.kind == Kind::int64) return values;
  for (Index i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) values.set(i, std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

std::string line(const Operation& operation, const Types& types, const char* what, std::uint64_t hash) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return operation.name + " " + types.name() + what + " " + digits;
}

std::uint64_t hash_of(const std::vector<Problem>& problems, const Types& types) {
  std::uint64_t all = kHashOfNothing;
  for (const Problem& problem : problems) {
    if (problem.types == types) all = hash(Trial(problem).run(), all);
  }
  return all;
}

}  // namespace

std::uint64_t hash(const Outputs& outputs, std::uint64_t before) {
  for (const Values& output : outputs) {
    for (const std::byte byte : with_one_nan(output).bytes)
      before = (before ^ static_cast<unsigned>(byte)) * 0x100000001B3u;
  }
  return before;
}

std::vector<Problem> extreme_problems(const Operation& operation) {
  std::vector<Problem> result;
  for (const double eps : {0.0, 1e-5}) {
    for (Problem problem : problems(operation, extreme_shapes())) {
      const Format& f = format(problem.types.elements);
      problem.eps = eps;
      problem.change = [f](Index, double value) {
        return std::ldexp(value, f.highest - 1);
      };  // from -1/4 to 3/4 of all
      result.push_back(problem);
      problem.change = [f](Index, double value) { return std::ldexp(std::nearbyint(value * 6), f.lowest); };
      result.push_back(problem);
      problem.change = [](Index, double) { return 0.1; };
      result.push_back(problem);
    }
  }
  return result;
}

std::vector<std::string> golden_results(Isa isa) {
  const Setting setting(isa);
  std::vector<std::string> results;
  for (const Operation& operation : operations()) {
    const std::vector<Problem> all = problems(operation, golden_shapes());
    for (const Types& types : kTypes) results.push_back(line(operation, types, "", hash_of(all, types)));
  }
  for (const Operation& operation : operations()) {
    const std::vector<Problem> all = extreme_problems(operation);
    for (const Types& types : kTypes) results.push_back(line(operation, types, " extreme", hash_of(all, types)));
  }
  return results;
}

}  // namespace simdnorm::test
