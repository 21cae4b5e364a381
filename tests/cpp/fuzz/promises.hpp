// What a call may do, whatever it is told: succeed with the right bits, or refuse and write nothing.
#pragma once

#include "fuzz/described.hpp"

namespace simdnorm::test {

/// Makes the call; empty when it kept its promises, else which one it broke.
std::string broken_promise(const Described& described);

}  // namespace simdnorm::test
