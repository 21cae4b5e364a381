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

// What the drivers call.

/// Past the caches only where all lines of y stand at the same place in a cache line; the driver knows.
template <class E>
void columns_apply(const ColumnsForward<E>& op, const Tile& tile) {
  using T = Compute<E>;
  const Index entry = op.entry(tile.outer);
  const bool kept = op.along == Along::kept;
  with_writer(op.stream, [&](auto write) {
    const auto group = [&](auto count, Index row, Index at, Index step, Window window) {
      const auto apply = [&](auto columns, auto weights, auto biases) SIMDNORM_INLINE {
        apply_group<count.value>(op, at, step, entry, window, write, columns, weights, biases);
      };
      const auto standardize = [&](auto columns) SIMDNORM_INLINE {
        if (kept) {
          apply(columns, ByColumn<T>{op.weight}, ByColumn<T>{op.bias});
        } else {
          apply(columns, ByRow<T>{op.weight + row}, ByRow<T>{op.bias + row});
        }
      };
      if (op.standardizers.prescale) {
        standardize(PrescaledColumns<T>{op.standardizers});
      } else {
        standardize(OrdinaryColumns<T>{op.standardizers});
      }
    };
    for_windows(op.columns, tile, op.abreast, kept, op.y, group);
  });
}

}  // namespace
}  // namespace simdnorm
