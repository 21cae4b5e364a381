// Measures operations against the reference.
#pragma once

#include "reference.hpp"
#include "shapes.hpp"

namespace simdnorm::test {

/// Every output of every problem is within its bound, on every ISA and at every offset from a cache line.
void check_accuracy(const std::vector<Problem>& cases, const std::vector<Index>& offsets = {0});

/// The same problems with something else about them.
template <class F>
std::vector<Problem> with(std::vector<Problem> cases, F change) {
  for (Problem& problem : cases) change(problem);
  return cases;
}

}  // namespace simdnorm::test
