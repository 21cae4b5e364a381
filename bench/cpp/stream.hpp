// What the memory of this machine gives, without any arithmetic worth the name.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm::bench {

/// Reads one array and writes one, as a forward pass does.
void copy(const float* x, float* y, Index size, int threads);

/// Reads two arrays and writes one, as a backward pass does.
void add(const float* dy, const float* x, float* dx, Index size, int threads);

}  // namespace simdnorm::bench
