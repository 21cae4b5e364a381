// Columns, forward: the formulas of rows_forward.hpp with a vector of columns carried along. The pivot is the mean
// of the first rows of a span of 128: at worst it is sqrt(7) standard deviations off, three bits of Q.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

constexpr Index kPivotRows = 16;

/// sum (x - pivot) and sum (x - pivot)^2 of one stripe of columns over one span of rows.
template <class T>
struct SpanMoments {
  T pivot[kStripeColumns], sum[kStripeColumns], squares[kStripeColumns];

  void take(const T* x, Index stride, Index rows, Index columns) {
    const Index first_rows = smaller(rows, kPivotRows);
    const Pack<T> share = broadcast<T>(T(1) / static_cast<T>(first_rows));
    map<T>(columns, [&](Index c, auto lanes) SIMDNORM_INLINE {
      Pair<T> total;
      for (Index r = 0; r < first_rows; ++r) {
        Pack<T>& part = total[static_cast<int>(r)];
        part = part + load(x + r * stride + c, lanes);
      }
      store(pivot + c, total.total() * share, lanes);
      store(sum + c, broadcast<T>(T(0)), lanes);
      store(squares + c, broadcast<T>(T(0)), lanes);
    });
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
        store(sum + c, load(sum + c, lanes) + s.total(), lanes);
        store(squares + c, load(squares + c, lanes) + q.total(), lanes);
      });
    });
  }
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

/// For rare columns: see Standardizer.
template <class T, class Lanes>
inline Pack<T> prescaled_xhat(const ColumnStandardizers<T>& s, Index c, Pack<T> x, Lanes lanes) {
  const Pack<T> d = x * load(s.prescale + c, lanes) - load(s.mean + c, lanes);
  return fma(d, load(s.rstd + c, lanes), fma(d, load(s.rstd_low + c, lanes), load(s.shift + c, lanes)));
}

template <class T, class Write>
inline void apply_tile(const ColumnsForward<T>& op, const Tile& tile, Write write) {
  const ColumnStandardizers<T>& s = op.standardizers;
  const Index stride = op.columns.columns;
  for_row_groups(tile.row_begin, tile.row_end, [&](auto count, Index row) {
    const T* x = op.x + row * stride;
    T* y = op.y + row * stride;
    write(y + tile.col_begin, tile.col_end - tile.col_begin, [&](Index k, auto lanes, auto put) SIMDNORM_INLINE {
      const Index c = tile.col_begin + k;
      const Pack<T> mean = load(s.mean + c, lanes), rstd = load(s.rstd + c, lanes), shift = load(s.shift + c, lanes);
      const Pack<T> weight = load(op.weight + c, lanes), bias = load(op.bias + c, lanes);
      SIMDNORM_UNROLL
      for (int r = 0; r < count.value; ++r) {
        const Pack<T> value = load(x + r * stride + c, lanes);
        const Pack<T> xhat = s.prescale ? prescaled_xhat(s, c, value, lanes) : fma(value - mean, rstd, shift);
        put(y + r * stride + c, fma(xhat, weight, bias), lanes);
      }
    });
  });
}

/// stream asks that all rows of y stand at the same place in a cache line; the driver knows.
template <class T>
void columns_apply(const ColumnsForward<T>& op, const Tile& tile) {
  if (op.stream) {
    apply_tile(op, tile, [](const T* y, Index n, auto body) SIMDNORM_INLINE {
      map_aligned<T>(y, n, [&](Index k, auto lanes) SIMDNORM_INLINE {
        body(k, lanes, [](T* p, Pack<T> v, auto which) SIMDNORM_INLINE { write_past(p, v, which); });
      });
    });
    stream_fence();
  } else {
    apply_tile(op, tile, [](const T*, Index n, auto body) SIMDNORM_INLINE {
      map<T>(n, [&](Index k, auto lanes) SIMDNORM_INLINE {
        body(k, lanes, [](T* p, Pack<T> v, auto which) SIMDNORM_INLINE { store(p, v, which); });
      });
    });
  }
}

}  // namespace
}  // namespace simdnorm
