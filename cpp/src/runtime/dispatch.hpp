// Which kernels run: those of the instruction set in use.
#pragma once

#include "kernels/table.hpp"

namespace simdnorm {

const KernelTable& active_kernels() noexcept;

/// Those for elements of type E.
template <class E>
const Kernels<E>& kernels() noexcept {
  const KernelTable& table = active_kernels();
  if constexpr (std::is_same_v<E, float>) {
    return table.of_float;
  } else if constexpr (std::is_same_v<E, double>) {
    return table.of_double;
  } else if constexpr (std::is_same_v<E, float16>) {
    return table.of_float16;
  } else {
    return table.of_bfloat16;
  }
}

}  // namespace simdnorm
