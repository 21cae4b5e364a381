#pragma once

namespace simdnorm::bench {

/// What the same bits for any number of threads cost: the library's drivers in turns with others, whose folds depend on
/// that number.
void add_cost_of_same_bits(int threads);

}  // namespace simdnorm::bench
