// Every kernel, for a target to export: include a backend of simd/ first.
#pragma once

#include "kernels/columns_backward.hpp"
#include "kernels/columns_backward_sums.hpp"
#include "kernels/columns_forward.hpp"
#include "kernels/columns_moments.hpp"
#include "kernels/convert.hpp"
#include "kernels/fold_blocks.hpp"
#include "kernels/item_statistics.hpp"
#include "kernels/rows_blocks.hpp"
#include "kernels/rows_forward.hpp"
#include "kernels/table.hpp"

namespace simdnorm {
namespace {

template <class E>
constexpr Kernels<E> kernels_of() {
  return {
      widen<E>,
      narrow<E>,
      plain_rows_forward<E>,
      rows_moments<E>,
      rows_finish<E>,
      rows_apply<E>,
      rows_apply_runs<E>,
      rows_backward_sums<E>,
      rows_backward_apply<E>,
      rows_backward_apply_runs<E>,
      rows_backward_block<E>,
      rows_backward_columns<E>,
      fold_blocks<Compute<E>>,
      columns_moments<E>,
      join_moments,
      standardize<Compute<E>>,
      columns_apply<E>,
      columns_backward_sums<E>,
      join_sums,
      project<Compute<E>>,
      columns_backward_apply<E>,
      columns_backward_lines<E>,
  };
}

constexpr KernelTable all_kernels() {
  return {kernels_of<float>(), kernels_of<double>(), kernels_of<float16>(), kernels_of<bfloat16>()};
}

}  // namespace
}  // namespace simdnorm
