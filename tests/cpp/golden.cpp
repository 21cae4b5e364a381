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

}  // namespace

std::uint64_t hash(const Outputs& outputs, std::uint64_t before) {
  for (const Values& output : outputs) {
    for (const std::byte byte : output.bytes) before = (before ^ static_cast<unsigned>(byte)) * 0x100000001B3u;
  }
  return before;
}

std::vector<std::string> golden_results(Isa isa) {
  const Setting setting(isa);
  std::vector<std::string> results;
  for (const Operation& operation : operations()) {
    for (const Types& types : kTypes) {
      std::uint64_t all = kHashOfNothing;
      for (const Problem& problem : problems(operation, golden_shapes())) {
        if (problem.types == types) all = hash(Trial(problem).run(), all);
      }
      char digits[17];
      std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(all));
      results.push_back(operation.name + " " + types.name() + " " + digits);
    }
  }
  return results;
}

}  // namespace simdnorm::test
