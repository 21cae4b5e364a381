// Columns, forward: the formulas of rows_forward.hpp with a vector of columns carried along.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

/// For rare columns.
template <class T, class Lanes>
inline Pack<T> prescaled_xhat(const ColumnStandardizers<T>& s, const Xhat<T>& xhat, Index c, Pack<T> x, Lanes lanes) {
  return PrescaledXhat<T>(xhat, load(s.prescale + c, lanes), load(s.rstd_low + c, lanes))(x);
}

/// N lines; what belongs to a column begins at `entry`.
template <int N, class E, class Write, class Parameter>
SIMDNORM_INLINE inline void apply_group(Walk<const E> xs, Walk<E> ys, const ColumnsForward<E>& op, Index entry,
                                        Window window, Write write, Parameter weights, Parameter biases) {
  using T = Compute<E>;
  const ColumnStandardizers<T> s = op.standardizers;
  const Index ahead = op.ahead;
  map_aligned(ys[0] + window.begin, window.end - window.begin, [=](Index k, auto lanes) SIMDNORM_INLINE {
    const Index c = window.begin + k;
    const Xhat<T> xhat = xhat_of(s, entry + c, lanes);
    const auto weight = weights.at(c, lanes), bias = biases.at(c, lanes);
    SIMDNORM_UNROLL
    for (int r = 0; r < N; ++r) {
      bring_nearer(xs[r] + c, ahead);
      const Pack<T> x = load(xs[r] + c, lanes);
      const Pack<T> standardized = s.prescale ? prescaled_xhat(s, xhat, entry + c, x, lanes) : xhat(x);
      write(ys[r] + c, fma(standardized, weight[r], bias[r]), lanes);
    }
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
    for_windows(op.columns, tile, op.abreast, kept, op.y, [&](auto count, Index row, Index at, Index step, Window window) {
      const Walk<const E> xs = {op.x + at, step};
      const Walk<E> ys = {op.y + at, step};
      const auto apply = [&](auto weights, auto biases) SIMDNORM_INLINE {
        apply_group<count.value>(xs, ys, op, entry, window, write, weights, biases);
      };
      if (kept) {
        apply(ByColumn<T>{op.weight}, ByColumn<T>{op.bias});
      } else {
        apply(ByRow<T>{op.weight + row}, ByRow<T>{op.bias + row});
      }
    });
  });
}

}  // namespace
}  // namespace simdnorm
