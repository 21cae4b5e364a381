// A shared library keeps its drivers to itself: what they cost can be seen in a program with the static one.
#include "same_bits.hpp"

namespace simdnorm::bench {

void add_cost_of_same_bits(int) {}

}  // namespace simdnorm::bench
