// Columns, forward: the formulas of rows_moments.hpp and rows_forward.hpp with a vector of columns carried along. The
// pivot is the mean of a few rows spread over a span: near enough for nearly all columns, and moved for the others.
// About zero it is zero, and stays.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

constexpr Index kPivotRows = 16;

template <class T>
constexpr double kLargest = sizeof(T) == 4 ? double{FLT_MAX} : DBL_MAX;

/// sum (x - pivot) and sum (x - pivot)^2 of one stripe of columns over one span of rows: in T over a part of it, in
/// double over the parts.
template <class T>
struct SpanMoments {
  T pivot[kStripeColumns];
  double sum[kStripeColumns], squares[kStripeColumns];

  template <class E>
  void take(const E* x, const Lines& lines, Index first, Index rows, Index columns, About about) {
    if (about == About::zero) {
      for (Index c = 0; c < columns; ++c) pivot[c] = T(0);
      take_sums(x, lines, first, rows, columns);
      for (Index c = 0; c < columns; ++c) sum[c] = 0.0;
      return;
    }
    take_pivots(x, lines, first, rows, columns);
    take_sums(x, lines, first, rows, columns);
    if (move_pivots(rows, columns)) take_sums(x, lines, first, rows, columns);
  }

 private:
  template <class E>
  void take_pivots(const E* x, const Lines& lines, Index first, Index rows, Index columns) {
    const Index count = smaller(rows, kPivotRows);
    Index at[kPivotRows];
    for (Index r = 0; r < count; ++r) at[r] = lines(first + r * rows / count);
    const Pack<T> share = broadcast<T>(T(1) / static_cast<T>(count));
    map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
      Pair<T> total;
      for (Index r = 0; r < count; ++r) {
        Pack<T>& part = total[static_cast<int>(r)];
        part = part + load(x + at[r] + c, lanes);
      }
      store(pivot + c, total.total() * share, lanes);
    });
  }

  template <class E>
  void take_sums(const E* x, const Lines& lines, Index first, Index rows, Index columns) {
    for (Index c = 0; c < columns; ++c) sum[c] = squares[c] = 0.0;
    for (Index row = 0; row < rows; row += kPartRows) {
      take_part(x, lines, first + row, smaller(kPartRows, rows - row), columns);
      for (Index c = 0; c < columns; ++c) {
        sum[c] += static_cast<double>(part_sum[c]);
        squares[c] += static_cast<double>(part_squares[c]);
      }
    }
  }

  template <class E>
  void take_part(const E* x, const Lines& lines, Index first, Index rows, Index columns) {
    for (Index c = 0; c < columns; ++c) part_sum[c] = part_squares[c] = T(0);
    Gathered<E> gathered;
    for_row_groups(first, first + rows, [&](auto count, Index row) {
      const Walk<const E> xs = gathered.take(x, lines, row, count.value, columns);
      map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
        const Pack<T> pivots = load(pivot + c, lanes);
        Pair<T> s, q;
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Pack<T> d = load(xs[r] + c, lanes) - pivots;
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
    const double n = static_cast<double>(rows);
    bool moved = false;
    for (Index c = 0; c < columns; ++c) {
      const double twice = 2.0 * sum[c] * sum[c];
      const bool far = twice > n * squares[c] && twice <= kLargest<T>;  // overflow is not for us to mend
      pivot[c] = far ? pivot[c] + static_cast<T>(sum[c] / n) : pivot[c];
      moved |= far;
    }
    return moved;
  }

  T part_sum[kStripeColumns], part_squares[kStripeColumns];
};

/// `done` rows are in `moments`, of columns from `col` on, already.
template <class T>
inline void merge_span(const ColumnMoments& moments, Index col, Index columns, Index done, const SpanMoments<T>& span,
                       Index rows) {
  const MergeWeights weights = merge_weights(done, rows);
  for (Index c = 0; c < columns; ++c) {
    const Index i = col + c;
    const Moments b = moments_about(static_cast<double>(span.pivot[c]), span.sum[c], span.squares[c], rows);
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

/// Of one outer position, in the rows that it owns.
template <class E>
void columns_moments(const ColumnsForward<E>& op, const Tile& tile, const ColumnMoments& moments) {
  const Lines lines(op.columns, tile.outer);
  SpanMoments<Compute<E>> span;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    const Index columns = smaller(kStripeColumns, tile.col_end - col);
    for (Index row = tile.row_begin; row < tile.row_end; row += kSpanRows) {
      const Index rows = smaller(kSpanRows, tile.row_end - row);
      span.take(op.x + col, lines, row, rows, columns, op.about);
      merge_span(moments, col, columns, row - tile.row_begin, span, rows);
    }
  }
}

/// For rare columns.
template <class T, class Lanes>
inline Pack<T> prescaled_xhat(const ColumnStandardizers<T>& s, const Xhat<T>& xhat, Index c, Pack<T> x, Lanes lanes) {
  return PrescaledXhat<T>(xhat, load(s.prescale + c, lanes), load(s.rstd_low + c, lanes))(x);
}

/// N rows; what belongs to a column begins at `entry`.
template <int N, class E, class Write, class Parameter>
SIMDNORM_INLINE inline void apply_group(Walk<const E> xs, Walk<E> ys,
                                        const ColumnStandardizers<Compute<E>>& standardizers, Index entry,
                                        Window window, Write write, Parameter weights, Parameter biases) {
  using T = Compute<E>;
  const ColumnStandardizers<T> s = standardizers;
  map_aligned(ys[0] + window.begin, window.end - window.begin, [=](Index k, auto lanes) SIMDNORM_INLINE {
    const Index c = window.begin + k;
    const Xhat<T> xhat = xhat_of(s, entry + c, lanes);
    const auto weight = weights.at(c, lanes), bias = biases.at(c, lanes);
    SIMDNORM_UNROLL
    for (int r = 0; r < N; ++r) {
      const Pack<T> x = load(xs[r] + c, lanes);
      const Pack<T> standardized = s.prescale ? prescaled_xhat(s, xhat, entry + c, x, lanes) : xhat(x);
      write(ys[r] + c, fma(standardized, weight[r], bias[r]), lanes);
    }
  });
}

/// Past the caches only where all rows of y stand at the same place in a cache line; the driver knows.
template <class E>
void columns_apply(const ColumnsForward<E>& op, const Tile& tile) {
  using T = Compute<E>;
  const Lines lines(op.columns, tile.outer);
  const Index entry = op.entry(tile.outer);
  const bool kept = op.along == Along::kept;
  const Index shift = kept ? window_shift(op.columns, tile, op.y + lines(tile.row_begin)) : 0;
  with_writer(op.stream, [&](auto write) {
    for_windows(lines, tile, shift, [&](auto count, Index row, Index step, Window window) {
      const Walk<const E> xs = {op.x + lines(row), step};
      const Walk<E> ys = {op.y + lines(row), step};
      const auto apply = [&](auto weights, auto biases) SIMDNORM_INLINE {
        apply_group<count.value>(xs, ys, op.standardizers, entry, window, write, weights, biases);
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
