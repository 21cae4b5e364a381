// What this processor, and the operating system on it, can run.
#pragma once

#include "simdnorm/runtime.hpp"

namespace simdnorm {

bool cpu_has(Isa isa) noexcept;

}  // namespace simdnorm
