// Columns, backward: the formulas of rows_backward.hpp with a vector of columns carried along. g = dy * weight
// where weight runs along the rows; a weight of the columns is part of the projection.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

/// What stands for a weight where there is none.
struct Unweighted {
  struct Columns {
    SIMDNORM_INLINE Unweighted operator[](int) const { return {}; }
  };
  SIMDNORM_INLINE Columns at(Index, auto) const { return {}; }
  template <class P>
  friend SIMDNORM_INLINE P operator*(Unweighted, P dy) {
    return dy;
  }
};

/// sum dy, sum dy xhat and sum xhat of one stripe of columns over one span of rows.
template <class T>
struct SpanSums {
  T dy[kStripeColumns], dy_xhat[kStripeColumns], xhat[kStripeColumns];

  template <class E>
  void take(const ColumnsBackward<E>& op, const Lines& lines, Index entry, Index first, Index rows, Index col,
            Index columns) {
    Gathered<E> gathered_dy, gathered_x;
    for (Index c = 0; c < columns; ++c) dy[c] = dy_xhat[c] = xhat[c] = T(0);
    for (Index row = 0; row < rows; row += kPartRows) {
      const Index begin = first + row, end = begin + smaller(kPartRows, rows - row);
      for (Index c = 0; c < columns; ++c) part_dy[c] = part_dy_xhat[c] = part_xhat[c] = T(0);
      for_row_groups(begin, end, [&](auto count, Index at) {
        const Walk<const E> dys = gathered_dy.take(op.dy + col, lines, at, count.value, columns);
        const Walk<const E> xs = gathered_x.take(op.x + col, lines, at, count.value, columns);
        if (op.weight) {
          take_group<count.value>(dys, xs, op.standardizers, entry + col, columns, ByRow<T>{op.weight + at});
        } else {
          take_group<count.value>(dys, xs, op.standardizers, entry + col, columns, Unweighted{});
        }
      });
      for (Index c = 0; c < columns; ++c) {
        dy[c] += part_dy[c];
        dy_xhat[c] += part_dy_xhat[c];
        xhat[c] += part_xhat[c];
      }
    }
  }

 private:
  template <int N, class E, class Weights>
  SIMDNORM_INLINE void take_group(Walk<const E> dys, Walk<const E> xs, const ColumnStandardizers<T>& standardizers,
                                  Index entry, Index columns, Weights weights) {
    const ColumnStandardizers<T> s = standardizers;
    map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
      const Xhat<T> xhat_at = xhat_of(s, entry + c, lanes);
      const auto weight = weights.at(c, lanes);
      Pair<T> of_dy, of_dy_xhat, of_xhat;
      SIMDNORM_UNROLL
      for (int r = 0; r < N; ++r) {
        const Pack<T> g = weight[r] * load(dys[r] + c, lanes);
        const Pack<T> xh = xhat_at(load(xs[r] + c, lanes));
        of_dy[r] = of_dy[r] + g;
        of_dy_xhat[r] = fma(g, xh, of_dy_xhat[r]);
        of_xhat[r] = of_xhat[r] + xh;
      }
      store(part_dy + c, load(part_dy + c, lanes) + of_dy.total(), lanes);
      store(part_dy_xhat + c, load(part_dy_xhat + c, lanes) + of_dy_xhat.total(), lanes);
      store(part_xhat + c, load(part_xhat + c, lanes) + of_xhat.total(), lanes);
    });
  }

  T part_dy[kStripeColumns], part_dy_xhat[kStripeColumns], part_xhat[kStripeColumns];
};

template <class T>
inline void add_span(double* values, double* errors, const T* terms, Index n) {
  for (Index c = 0; c < n; ++c) {
    Sum sum = {values[c], errors[c]};
    add(sum, static_cast<double>(terms[c]));
    values[c] = sum.value;
    errors[c] = sum.error;
  }
}

// What the drivers call.

/// Adds to `sums`, of the columns of one outer position.
template <class E>
void columns_backward_sums(const ColumnsBackward<E>& op, const Tile& tile, const ColumnSums& sums) {
  const Lines lines(op.columns, tile.outer);
  const Index entry = op.entry(tile.outer);
  SpanSums<Compute<E>> span;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    const Index columns = smaller(kStripeColumns, tile.col_end - col);
    for (Index row = tile.row_begin; row < tile.row_end; row += kSpanRows) {
      span.take(op, lines, entry, row, smaller(kSpanRows, tile.row_end - row), col, columns);
      add_span(sums.dy + col, sums.dy_error + col, span.dy, columns);
      add_span(sums.dy_xhat + col, sums.dy_xhat_error + col, span.dy_xhat, columns);
      add_span(sums.xhat + col, sums.xhat_error + col, span.xhat, columns);
    }
  }
}

/// N rows; what belongs to a column begins at `entry`.
template <int N, class E, class Write, class Weights>
SIMDNORM_INLINE inline void project_group(Walk<const E> dys, Walk<const E> xs, Walk<E> dxs,
                                          const ColumnsBackward<E>& op, Index entry, Window window, Write write,
                                          Weights weights) {
  using T = Compute<E>;
  const ColumnProjections<T> p = op.projections;
  const ColumnStandardizers<T> s = op.standardizers;
  if (op.frozen) {
    map_aligned(dxs[0] + window.begin, window.end - window.begin, [=](Index k, auto lanes) SIMDNORM_INLINE {
      const Index c = window.begin + k;
      const Pack<T> scale = load(p.scale + entry + c, lanes);
      for (int r = 0; r < N; ++r) write(dxs[r] + c, scale * load(dys[r] + c, lanes), lanes);
    });
    return;
  }
  map_aligned(dxs[0] + window.begin, window.end - window.begin, [=](Index k, auto lanes) SIMDNORM_INLINE {
    const Index c = window.begin + k;
    const Xhat<T> xhat_at = xhat_of(s, entry + c, lanes);
    const Pack<T> scale = load(p.scale + entry + c, lanes), dy_mean = load(p.dy_mean + entry + c, lanes);
    const Pack<T> minus_dy_xhat_mean = broadcast<T>(T(0)) - load(p.dy_xhat_mean + entry + c, lanes);
    const auto weight = weights.at(entry + c, lanes);
    SIMDNORM_UNROLL
    for (int r = 0; r < N; ++r) {
      const Pack<T> xhat = xhat_at(load(xs[r] + c, lanes));
      const Pack<T> g = weight[r] * load(dys[r] + c, lanes);
      write(dxs[r] + c, scale * fma(minus_dy_xhat_mean, xhat, g - dy_mean), lanes);
    }
  });
}

template <class E>
void columns_backward_apply(const ColumnsBackward<E>& op, const Tile& tile) {
  using T = Compute<E>;
  const Lines lines(op.columns, tile.outer);
  const Index entry = op.entry(tile.outer);
  const Index shift = op.weight ? 0 : window_shift(op.columns, tile, op.dx + lines(tile.row_begin));
  with_writer(op.stream, [&](auto write) {
    for_windows(lines, tile, shift, [&](auto count, Index row, Index step, Window window) {
      const Index at = lines(row);
      const Walk<const E> dys = {op.dy + at, step}, xs = {op.x + at, step};
      const auto project = [&](auto weights) SIMDNORM_INLINE {
        project_group<count.value>(dys, xs, Walk<E>{op.dx + at, step}, op, entry, window, write, weights);
      };
      if (op.weight) {
        project(ByRow<T>{op.weight + row});
      } else {
        project(ByColumn<T>{op.projections.weight});
      }
    });
  });
}

/// Where parameters run along the rows: the sums of dy * xhat and of dy over the columns of a tile, which are few
/// enough for T, one entry a row of the tile.
template <class E>
void columns_backward_lines(const ColumnsBackward<E>& op, const Tile& tile, const LineSums& sums) {
  using T = Compute<E>;
  const Lines lines(op.columns, tile.outer);
  const Index entry = op.entry(tile.outer);
  for (Index row = tile.row_begin; row < tile.row_end; ++row) {
    const E *dys = op.dy + lines(row) + tile.col_begin, *xs = op.x + lines(row) + tile.col_begin;
    Accumulators<T> dweight, dbias;
    clear<T>(dweight);
    clear<T>(dbias);
    sweep<T>(tile.col_end - tile.col_begin, [&](auto slot, Index k, auto lanes) SIMDNORM_INLINE {
      const Pack<T> dy = load(dys + k, lanes);
      const Xhat<T> xhat_at = xhat_of(op.standardizers, entry + tile.col_begin + k, lanes);
      dweight[slot] = fma(dy, xhat_at(load(xs + k, lanes)), dweight[slot]);
      dbias[slot] = dbias[slot] + dy;
    });
    sums.dweight[row - tile.row_begin] = total<T>(dweight);
    sums.dbias[row - tile.row_begin] = total<T>(dbias);
  }
}

}  // namespace
}  // namespace simdnorm
