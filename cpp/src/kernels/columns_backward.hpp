// Columns, backward: the formulas of rows_backward.hpp with a vector of columns carried along, g = dy.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

/// sum dy, sum dy xhat and sum xhat of one stripe of columns over one span of rows.
template <class T>
struct SpanSums {
  T dy[kStripeColumns], dy_xhat[kStripeColumns], xhat[kStripeColumns];

  void take(const ColumnsBackward<T>& op, Index row_begin, Index rows, Index col, Index columns) {
    for (Index c = 0; c < columns; ++c) dy[c] = dy_xhat[c] = xhat[c] = T(0);
    for (Index row = 0; row < rows; row += kPartRows) {
      take_part(op, row_begin + row, smaller(kPartRows, rows - row), col, columns);
      for (Index c = 0; c < columns; ++c) {
        dy[c] += part_dy[c];
        dy_xhat[c] += part_dy_xhat[c];
        xhat[c] += part_xhat[c];
      }
    }
  }

 private:
  void take_part(const ColumnsBackward<T>& op, Index row_begin, Index rows, Index col, Index columns) {
    const ColumnStandardizers<T>& s = op.standardizers;
    const Index stride = op.columns.columns;
    for (Index c = 0; c < columns; ++c) part_dy[c] = part_dy_xhat[c] = part_xhat[c] = T(0);
    for_row_groups(row_begin, row_begin + rows, [&](auto count, Index row) {
      const T *dys = op.dy + row * stride + col, *xs = op.x + row * stride + col;
      map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
        const Xhat<T> xhat_at = xhat_of(s, col + c, lanes);
        Pair<T> of_dy, of_dy_xhat, of_xhat;
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Pack<T> g = load(dys + r * stride + c, lanes);
          const Pack<T> xh = xhat_at(load(xs + r * stride + c, lanes));
          of_dy[r] = of_dy[r] + g;
          of_dy_xhat[r] = fma(g, xh, of_dy_xhat[r]);
          of_xhat[r] = of_xhat[r] + xh;
        }
        store(part_dy + c, load(part_dy + c, lanes) + of_dy.total(), lanes);
        store(part_dy_xhat + c, load(part_dy_xhat + c, lanes) + of_dy_xhat.total(), lanes);
        store(part_xhat + c, load(part_xhat + c, lanes) + of_xhat.total(), lanes);
      });
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

/// Adds to `sums`.
template <class T>
void columns_backward_sums(const ColumnsBackward<T>& op, const Tile& tile, const ColumnSums& sums) {
  SpanSums<T> span;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    const Index columns = smaller(kStripeColumns, tile.col_end - col);
    for (Index row = tile.row_begin; row < tile.row_end; row += kSpanRows) {
      span.take(op, row, smaller(kSpanRows, tile.row_end - row), col, columns);
      add_span(sums.dy + col, sums.dy_error + col, span.dy, columns);
      add_span(sums.dy_xhat + col, sums.dy_xhat_error + col, span.dy_xhat, columns);
      add_span(sums.xhat + col, sums.xhat_error + col, span.xhat, columns);
    }
  }
}

template <class T>
void columns_backward_apply(const ColumnsBackward<T>& op, const Tile& tile) {
  const ColumnStandardizers<T>& s = op.standardizers;
  const ColumnProjections<T>& p = op.projections;
  const Index stride = op.columns.columns;
  with_writer(op.stream, [&](auto write) {
    for_row_groups(tile.row_begin, tile.row_end, [&](auto count, Index row) {
      const T *dy = op.dy + row * stride, *x = op.x + row * stride;
      T* dx = op.dx + row * stride;
      map_aligned<T>(dx + tile.col_begin, tile.col_end - tile.col_begin, [&](Index k, auto lanes) SIMDNORM_INLINE {
        const Index c = tile.col_begin + k;
        const Pack<T> scale = load(p.scale + c, lanes);
        if (op.frozen) {
          SIMDNORM_UNROLL
          for (int r = 0; r < count.value; ++r) {
            write(dx + r * stride + c, scale * load(dy + r * stride + c, lanes), lanes);
          }
          return;
        }
        const Xhat<T> xhat_at = xhat_of(s, c, lanes);
        const Pack<T> dy_mean = load(p.dy_mean + c, lanes);
        const Pack<T> minus_dy_xhat_mean = broadcast<T>(T(0)) - load(p.dy_xhat_mean + c, lanes);
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Pack<T> xhat = xhat_at(load(x + r * stride + c, lanes));
          const Pack<T> g = load(dy + r * stride + c, lanes);
          write(dx + r * stride + c, scale * fma(minus_dy_xhat_mean, xhat, g - dy_mean), lanes);
        }
      });
    });
  });
}

}  // namespace
}  // namespace simdnorm
