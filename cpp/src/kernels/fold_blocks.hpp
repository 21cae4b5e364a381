// What blocks of rows have summed for each column, folded in their order.
#pragma once

#include "kernels/moments.hpp"

namespace simdnorm {
namespace {

/// Columns [begin, end) of one gradient: the blocks' sums, (blocks, length), in order, rounded once. A strip of columns
/// at a time, so that the compiler adds several at once.
template <class T>
void fold_blocks(const double* sums, Index blocks, Index length, Index begin, Index end, T* gradient) {
  constexpr Index most = 32;
  for (Index i = begin; i < end; i += most) {
    const Index width = smaller(most, end - i);
    double value[most] = {}, error[most] = {};
    for (Index b = 0; b < blocks; ++b) {
      const double* block = sums + b * length + i;
      for (Index k = 0; k < width; ++k) {
        Sum sum = {value[k], error[k]};
        add(sum, block[k]);
        value[k] = sum.value;
        error[k] = sum.error;
      }
    }
    for (Index k = 0; k < width; ++k) gradient[i + k] = static_cast<T>(simdnorm::value(Sum{value[k], error[k]}));
  }
}

}  // namespace
}  // namespace simdnorm
