// What the memory of this machine gives, without any arithmetic worth the name.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm::bench {

/// How many arrays of the size of x an operation must read and write.
struct Traffic {
  int reads, writes;
};

/// Moves that much over arrays of `size` floats: inputs[0 .. reads) are summed into each of outputs[0 .. writes).
void stream(Traffic traffic, const float* const* inputs, float* const* outputs, Index size, int threads);

}  // namespace simdnorm::bench
