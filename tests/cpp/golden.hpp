// The golden results: what comes out on every machine with a hardware fma, as hashes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trial.hpp"

namespace simdnorm::test {

constexpr std::uint64_t kHashOfNothing = 0xCBF29CE484222325u;

/// FNV-1a over the bytes of every output, after what has been hashed before.
std::uint64_t hash(const Outputs& outputs, std::uint64_t before = kHashOfNothing);

/// Every operation in every types, with one hash of what it gives on all shapes. Never a selection of them.
std::vector<std::string> golden_results(Isa isa);

}  // namespace simdnorm::test
