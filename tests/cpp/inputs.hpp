// Inputs by integer rules, the same on every machine.
#pragma once

#include "trial.hpp"

namespace simdnorm::test {

/// The index-th number in [-1, 1), in steps of 2^-23 (splitmix64, no library of the system).
double random_number(std::uint64_t seed, std::uint64_t index);

Values make_input(const Trial& trial, const std::string& name);

}  // namespace simdnorm::test
