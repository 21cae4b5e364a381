// The golden results: what comes out on every machine with a hardware fma, as hashes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trial.hpp"

namespace simdnorm::test {

constexpr std::uint64_t kHashOfNothing = 0xCBF29CE484222325u;

/// FNV-1a over the bytes of every output, after what has been hashed before. A NaN is a NaN: its sign and payload are
/// the processor's own.
std::uint64_t hash(const Outputs& outputs, std::uint64_t before = kHashOfNothing);

/// Problems of an operation whose numbers are at the ends of the range, or all the same, with eps = 0 and without.
std::vector<Problem> extreme_problems(const Operation& operation);

/// Every operation in every types, with one hash of what it gives on all shapes, and then, marked so, of what it gives
/// on extreme numbers. Never a selection of them.
std::vector<std::string> golden_results(Isa isa);

}  // namespace simdnorm::test
