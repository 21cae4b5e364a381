// Columns, forward: the formulas of rows_moments.hpp and rows_forward.hpp with a vector of columns carried along. The
// pivot is the mean of the first rows of a span: near enough for nearly all columns, and moved for the others.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

constexpr Index kPivotRows = 16;

template <class T>
constexpr T kLargest = sizeof(T) == 4 ? T(FLT_MAX) : T(DBL_MAX);

/// sum (x - pivot) and sum (x - pivot)^2 of one stripe of columns over one span of rows.
template <class T>
struct SpanMoments {
  T pivot[kStripeColumns], sum[kStripeColumns], squares[kStripeColumns];

  void take(const T* x, Index stride, Index rows, Index columns) {
    take_pivots(x, stride, smaller(rows, kPivotRows), columns);
    take_sums(x, stride, rows, columns);
    if (move_pivots(rows, columns)) take_sums(x, stride, rows, columns);
  }

 private:
  void take_pivots(const T* x, Index stride, Index rows, Index columns) {
    const Pack<T> share = broadcast<T>(T(1) / static_cast<T>(rows));
    map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
      Pair<T> total;
      for (Index r = 0; r < rows; ++r) {
        Pack<T>& part = total[static_cast<int>(r)];
        part = part + load(x + r * stride + c, lanes);
      }
      store(pivot + c, total.total() * share, lanes);
    });
  }

  void take_sums(const T* x, Index stride, Index rows, Index columns) {
    for (Index c = 0; c < columns; ++c) sum[c] = squares[c] = T(0);
    for (Index row = 0; row < rows; row += kPartRows) {
      take_part(x + row * stride, stride, smaller(kPartRows, rows - row), columns);
      for (Index c = 0; c < columns; ++c) {
        sum[c] += part_sum[c];
        squares[c] += part_squares[c];
      }
    }
  }

  void take_part(const T* x, Index stride, Index rows, Index columns) {
    for (Index c = 0; c < columns; ++c) part_sum[c] = part_squares[c] = T(0);
    for_row_groups(0, rows, [&](auto count, Index row) {
      const T* p = x + row * stride;
      map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
        const Pack<T> pivots = load(pivot + c, lanes);
        Pair<T> s, q;
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Pack<T> d = load(p + r * stride + c, lanes) - pivots;
          s[r] = s[r] + d;
          q[r] = fma(d, d, q[r]);
        }
        store(part_sum + c, load(part_sum + c, lanes) + s.total(), lanes);
        store(part_squares + c, load(part_squares + c, lanes) + q.total(), lanes);
      });
    });
  }

  /// Where the span's mean lies more than a standard deviation from the pivot, the sum is large and its rounding would
  /// show: the mean becomes the pivot. The sums of all other columns come out again as they were.
  bool move_pivots(Index rows, Index columns) {
    const T n = static_cast<T>(rows);
    bool moved = false;
    for (Index c = 0; c < columns; ++c) {
      const T twice = T(2) * sum[c] * sum[c];
      const bool far = twice > n * squares[c] && twice <= kLargest<T>;  // overflow is not for us to mend
      pivot[c] = far ? pivot[c] + sum[c] / n : pivot[c];
      moved |= far;
    }
    return moved;
  }

  T part_sum[kStripeColumns], part_squares[kStripeColumns];
};

/// `done` rows are in `moments` already.
template <class T>
inline void merge_span(const ColumnMoments& moments, Index col, Index columns, Index done, const SpanMoments<T>& span,
                       Index rows) {
  const MergeWeights weights = merge_weights(done, rows);
  for (Index c = 0; c < columns; ++c) {
    const Index i = col + c;
    const Moments b = moments_about(static_cast<double>(span.pivot[c]), static_cast<double>(span.sum[c]),
                                    static_cast<double>(span.squares[c]), rows);
    Moments a = b;
    if (done > 0) {
      a = {moments.pivot[i], {moments.offset[i], moments.offset_error[i]}, {moments.m2[i], moments.m2_error[i]}};
      merge(a, b, weights);
    }
    moments.pivot[i] = a.pivot;
    moments.offset[i] = a.offset.value;
    moments.offset_error[i] = a.offset.error;
    moments.m2[i] = a.m2.value;
    moments.m2_error[i] = a.m2.error;
  }
}

// What the drivers call.

template <class T>
void columns_moments(const ColumnsForward<T>& op, const Tile& tile, const ColumnMoments& moments) {
  const Index stride = op.columns.columns;
  SpanMoments<T> span;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    const Index columns = smaller(kStripeColumns, tile.col_end - col);
    for (Index row = tile.row_begin; row < tile.row_end; row += kSpanRows) {
      const Index rows = smaller(kSpanRows, tile.row_end - row);
      span.take(op.x + row * stride + col, stride, rows, columns);
      merge_span(moments, col, columns, row - tile.row_begin, span, rows);
    }
  }
}

/// For rare columns.
template <class T, class Lanes>
inline Pack<T> prescaled_xhat(const ColumnStandardizers<T>& s, const Xhat<T>& xhat, Index c, Pack<T> x, Lanes lanes) {
  return PrescaledXhat<T>(xhat, load(s.prescale + c, lanes), load(s.rstd_low + c, lanes))(x);
}

/// Past the caches only where all rows of y stand at the same place in a cache line; the driver knows.
template <class T>
void columns_apply(const ColumnsForward<T>& op, const Tile& tile) {
  const ColumnStandardizers<T>& s = op.standardizers;
  const Index stride = op.columns.columns;
  with_writer(op.stream, [&](auto write) {
    for_row_groups(tile.row_begin, tile.row_end, [&](auto count, Index row) {
      const T* x = op.x + row * stride;
      T* y = op.y + row * stride;
      map_aligned<T>(y + tile.col_begin, tile.col_end - tile.col_begin, [&](Index k, auto lanes) SIMDNORM_INLINE {
        const Index c = tile.col_begin + k;
        const Xhat<T> xhat = xhat_of(s, c, lanes);
        const Pack<T> weight = load(op.weight + c, lanes), bias = load(op.bias + c, lanes);
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Pack<T> value = load(x + r * stride + c, lanes);
          write(y + r * stride + c,
                fma(s.prescale ? prescaled_xhat(s, xhat, c, value, lanes) : xhat(value), weight, bias), lanes);
        }
      });
    });
  });
}

}  // namespace
}  // namespace simdnorm
