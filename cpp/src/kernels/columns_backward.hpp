// Columns, backward: the formulas of rows_backward.hpp with a vector of columns carried along. A weight of the columns
// is part of the projection.
#pragma once

#include "kernels/columns_windows.hpp"

namespace simdnorm {
namespace {

/// N lines; what belongs to a column begins at `entry`.
template <int N, class E, class Write, class Weights>
SIMDNORM_INLINE inline void project_group(const ColumnsBackward<E>& op, Index at, Index step, Index entry,
                                          Window window, Write write, Weights weights) {
  using T = Compute<E>;
  const ColumnProjections<T> p = op.projections;
  const ColumnStandardizers<T> s = op.standardizers;
  const E *dy = op.dy + at, *x = op.x + at;
  E* dx = op.dx + at;
  with_ahead(op.ahead, [&](auto bring_nearer) SIMDNORM_INLINE {
    map_lines<N>(dx, window, [=](Index c, auto lanes) SIMDNORM_INLINE {
      return [=, xhat_at = xhat_of(s, entry + c, lanes), weight = weights.at(entry + c, lanes),
              scale = load(p.scale + entry + c, lanes), dy_mean = load(p.dy_mean + entry + c, lanes),
              minus_dy_xhat_mean = broadcast<T>(T(0)) - load(p.dy_xhat_mean + entry + c, lanes)](int r)
                 SIMDNORM_INLINE {
                   const Index i = r * step + c;
                   bring_nearer(dy + i);
                   bring_nearer(x + i);
                   const Pack<T> xhat = xhat_at(load(x + i, lanes));
                   const Pack<T> g = weight[r] * load(dy + i, lanes);
                   write(dx + i, scale * fma(minus_dy_xhat_mean, xhat, g - dy_mean), lanes);
                 };
    });
  });
}

/// The same where the statistics were given: dx = scale * dy.
template <int N, class E, class Write>
SIMDNORM_INLINE inline void scale_group(const ColumnsBackward<E>& op, Index at, Index step, Index entry, Window window,
                                        Write write) {
  const Compute<E>* scales = op.projections.scale + entry;
  const E* dy = op.dy + at;
  E* dx = op.dx + at;
  map_lines<N>(dx, window, [=](Index c, auto lanes) SIMDNORM_INLINE {
    return [=, scale = load(scales + c, lanes)](int r) SIMDNORM_INLINE {
      const Index i = r * step + c;
      write(dx + i, scale * load(dy + i, lanes), lanes);
    };
  });
}

// What the drivers call.

template <class E>
void columns_backward_apply(const ColumnsBackward<E>& op, const Tile& tile) {
  using T = Compute<E>;
  const Index entry = op.entry(tile.outer);
  with_writer(op.stream, [&](auto write) {
    for_windows(op.columns, tile, op.abreast, !op.weight, op.dx,
                [&](auto count, Index row, Index at, Index step, Window window) {
                  constexpr int lines = count.value;
                  if (op.frozen) {
                    scale_group<lines>(op, at, step, entry, window, write);
                  } else if (op.weight) {
                    project_group<lines>(op, at, step, entry, window, write, ByRow<T>{op.weight + row});
                  } else {
                    project_group<lines>(op, at, step, entry, window, write, ByColumn<T>{op.projections.weight});
                  }
                });
  });
}

}  // namespace
}  // namespace simdnorm
