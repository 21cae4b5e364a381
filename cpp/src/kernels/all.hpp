// Every kernel, for a target to export: include a backend of simd/ first.
#pragma once

#include "kernels/columns_backward.hpp"
#include "kernels/columns_forward.hpp"
#include "kernels/rows_blocks.hpp"
#include "kernels/rows_forward.hpp"
#include "kernels/table.hpp"

namespace simdnorm {
namespace {

template <class T>
constexpr Kernels<T> kernels_of() {
  return {
      rows_forward<T>,       rows_moments<T>,        rows_finish<T>,           rows_apply<T>,
      rows_backward_sums<T>, rows_backward_apply<T>, rows_backward_block<T>,   rows_backward_columns<T>,
      columns_moments<T>,    columns_apply<T>,       columns_backward_sums<T>, columns_backward_apply<T>,
  };
}

}  // namespace
}  // namespace simdnorm
