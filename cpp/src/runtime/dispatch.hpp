// Which kernels run: those of the instruction set in use.
#pragma once

#include "kernels/table.hpp"

namespace simdnorm {

const KernelTable& active_kernels() noexcept;

template <class T>
const Kernels<T>& kernels() noexcept;
template <>
inline const Kernels<float>& kernels<float>() noexcept {
  return active_kernels().of_float;
}
template <>
inline const Kernels<double>& kernels<double>() noexcept {
  return active_kernels().of_double;
}

}  // namespace simdnorm
