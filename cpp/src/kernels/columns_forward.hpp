// Columns, forward: the formulas of rows_forward.hpp with a vector of columns carried along.
#pragma once

#include "kernels/columns_windows.hpp"

namespace simdnorm {
namespace {

template <class T>
struct OrdinaryColumns {
  ColumnStandardizers<T> s;
  SIMDNORM_INLINE Xhat<T> at(Index i, auto lanes) const { return xhat_of(s, i, lanes); }
};

/// Where some of the columns are rare.
template <class T>
struct PrescaledColumns {
  ColumnStandardizers<T> s;
  SIMDNORM_INLINE PrescaledXhat<T> at(Index i, auto lanes) const {
    return {xhat_of(s, i, lanes), load(s.prescale + i, lanes), load(s.rstd_low + i, lanes)};
  }
};

/// N lines; what belongs to a column begins at `entry`.
template <int N, class E, class Write, class Standardize, class Parameter>
SIMDNORM_INLINE inline void apply_group(const ColumnsForward<E>& op, Index at, Index step, Index entry, Window window,
                                        Write write, Standardize columns, Parameter weights, Parameter biases) {
  const E* x = op.x + at;
  E* y = op.y + at;
  with_ahead(op.ahead, [&](auto bring_nearer) SIMDNORM_INLINE {
    map_lines<N>(y, window, [=](Index c, auto lanes) SIMDNORM_INLINE {
      return [=, xhat = columns.at(entry + c, lanes), weight = weights.at(c, lanes), bias = biases.at(c, lanes)](int r)
                 SIMDNORM_INLINE {
                   const Index i = r * step + c;
                   bring_nearer(x + i);
                   write(y + i, fma(xhat(load(x + i, lanes)), weight[r], bias[r]), lanes);
                 };
    });
  });
}

/// apply(weights, biases), as they run; of the rows from `row` on.
template <class E, class Apply>
SIMDNORM_INLINE inline void with_parameters(const ColumnsForward<E>& op, Index row, Apply apply) {
  using T = Compute<E>;
  if (op.along == Along::kept) {
    apply(ByColumn<T>{op.weight}, ByColumn<T>{op.bias});
  } else {
    apply(ByRow<T>{op.weight + row}, ByRow<T>{op.bias + row});
  }
}

/// One line of rare columns: without what makes the ordinary ones fast, and would be compiled for all of it again.
template <class E>
SIMDNORM_APART void apply_rare(const ColumnsForward<E>& op, Index row, Index at, Index entry, Window window) {
  with_parameters(op, row, [&](auto weights, auto biases) SIMDNORM_INLINE {
    apply_group<1>(op, at, Index{0}, entry, window, ThroughCaches{}, PrescaledColumns<Compute<E>>{op.standardizers},
                   weights, biases);
  });
}

// What the drivers call.

/// Past the caches only where all lines of y stand at the same place in a cache line; the driver knows.
template <class E>
void columns_apply(const ColumnsForward<E>& op, const Tile& tile) {
  using T = Compute<E>;
  const Index entry = op.entry(tile.outer);
  with_writer(op.stream, [&](auto write) {
    const auto group = [&](auto count, Index row, Index at, Index step, Window window) {
      if (op.standardizers.prescale) {
        for (int r = 0; r < count.value; ++r) apply_rare(op, row + r, at + r * step, entry, window);
        return;
      }
      with_parameters(op, row, [&](auto weights, auto biases) SIMDNORM_INLINE {
        apply_group<count.value>(op, at, step, entry, window, write, OrdinaryColumns<T>{op.standardizers}, weights,
                                 biases);
      });
    };
    for_windows(op.columns, tile, op.abreast, op.along == Along::kept, op.y, group);
  });
}

}  // namespace
}  // namespace simdnorm
