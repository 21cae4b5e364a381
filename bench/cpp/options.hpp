// The options that are simdnorm-bench's own; all others are Google Benchmark's.
#pragma once

#include <optional>
#include <vector>

namespace simdnorm::bench {

struct Options {
  std::vector<int> threads;
  bool for_people = true;  // else the console gets what programs read
};

/// Takes its own options out of the arguments, and obeys --isa. Says what is wrong, and returns nothing.
std::optional<Options> take_options(int& count, char** arguments);

}  // namespace simdnorm::bench
