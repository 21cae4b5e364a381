// From bytes to a call of the public API: any operation, shape, types, mask, options, values and manner, valid or not.
#pragma once

#include <cstdint>
#include <span>

#include "isas.hpp"
#include "trial.hpp"

namespace simdnorm::test {

struct Described {
  Problem problem;
  Manner manner;
  Isa isa, other;  // the same bits are due on both
  int threads;

  std::string title() const;
};

Described describe(std::span<const std::uint8_t> bytes);

}  // namespace simdnorm::test
