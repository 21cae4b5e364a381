// Rows, backward, where parameters run along the length: dweight and dbias sum over the rows, so rows are taken in
// blocks. Four rows at a time: first their sums, then, column by column, weight is loaded once for all four, and
// dweight and dbias are updated once. A block adds up in T over 64 rows, in double beyond; the drivers fold blocks.
#pragma once

#include "kernels/rows_backward.hpp"

namespace simdnorm {
namespace {

constexpr Index kGroupRows = 4;

/// What one row needs in the second pass.
template <class T>
struct RowGradient {
  const T *dy, *x;
  T* dx;
  ItemXhat<T> xhat;
  ItemProjection<T> project;

  RowGradient() = default;
  RowGradient(const RowsBackward<T>& op, Index row, const Gradients<T>& g)
      : dy(op.dy + row * op.rows.item_stride),
        x(op.x + row * op.rows.item_stride),
        dx(op.dx ? op.dx + row * op.rows.item_stride : nullptr),
        xhat(g.standardizer),
        project(g.projection) {}
};

/// Columns [begin, end) of M rows: dx, and what the rows add to the partial sums.
template <int M, bool Dx, bool Parameters, class T>
inline void group_columns(const RowsBackward<T>& op, Index row, const Gradients<T>* gradients, Index begin, Index end,
                          const PartialParameters<T>& partial) {
  RowGradient<T> rows[M];  // local, so that all of it can stay in registers whatever dx overlaps
  for (int r = 0; r < M; ++r) rows[r] = RowGradient<T>(op, row + r, gradients[r]);
  const T* weights = op.weight;
  T *dweights = partial.dweight, *dbiases = partial.dbias;
  const T* written = Dx ? rows[0].dx + begin : dweights + begin;
  map_aligned<T>(written, end - begin, [&](Index k, auto lanes) SIMDNORM_INLINE {
    const Index i = begin + k;
    const Pack<T> weight = load(weights + i, lanes);
    Pack<T> dweight = broadcast<T>(T(0)), dbias = broadcast<T>(T(0));
    SIMDNORM_UNROLL
    for (int r = 0; r < M; ++r) {
      const Pack<T> dy = load(rows[r].dy + i, lanes);
      const Pack<T> xhat = rows[r].xhat(load(rows[r].x + i, lanes));
      if constexpr (Parameters) {
        dweight = fma(dy, xhat, dweight);
        dbias = dbias + dy;
      }
      if constexpr (Dx) store(rows[r].dx + i, rows[r].project(dy * weight, xhat), lanes);
    }
    if constexpr (Parameters) {
      store(dweights + i, load(dweights + i, lanes) + dweight, lanes);
      store(dbiases + i, load(dbiases + i, lanes) + dbias, lanes);
    }
  });
}

template <bool Dx, bool Parameters, class T>
inline void group_columns(const RowsBackward<T>& op, Index row, const Gradients<T>* gradients, Index count, Index begin,
                          Index end, const PartialParameters<T>& partial) {
  switch (count) {
    case 4:
      return group_columns<4, Dx, Parameters>(op, row, gradients, begin, end, partial);
    case 3:
      return group_columns<3, Dx, Parameters>(op, row, gradients, begin, end, partial);
    case 2:
      return group_columns<2, Dx, Parameters>(op, row, gradients, begin, end, partial);
    default:
      return group_columns<1, Dx, Parameters>(op, row, gradients, begin, end, partial);
  }
}

template <class T>
inline void group_columns(const RowsBackward<T>& op, Index row, const Gradients<T>* gradients, Index count, Index begin,
                          Index end, const PartialParameters<T>& partial) {
  if (!partial.dweight) return group_columns<true, false>(op, row, gradients, count, begin, end, partial);
  if (!op.dx) return group_columns<false, true>(op, row, gradients, count, begin, end, partial);
  group_columns<true, true>(op, row, gradients, count, begin, end, partial);
}

/// The partial sums of columns [begin, end), in T, join the block's, in double, and start again from zero.
template <class T>
inline void flush(const PartialParameters<T>& partial, const BlockParameters& block, Index begin, Index end) {
  for (Index i = begin; i < end; ++i) {
    block.dweight[i] += static_cast<double>(partial.dweight[i]);
    block.dbias[i] += static_cast<double>(partial.dbias[i]);
    partial.dweight[i] = partial.dbias[i] = T(0);
  }
}

/// Walks rows [begin, end) in groups of four; group(first row, count), and `flush_now()` where the sums leave T.
template <class Group, class Flush>
inline void for_groups(Index begin, Index end, Group group, Flush flush_now) {
  for (Index row = begin; row < end; row += kGroupRows) {
    group(row, smaller(kGroupRows, end - row));
    const Index done = row + kGroupRows - begin;
    if (done % kFlushRows == 0 || row + kGroupRows >= end) flush_now();
  }
}

// What the drivers call. `partial` is zero before and after; null where no parameter's gradient is wanted.

/// A block of rows, all columns: sums and dx of four rows while they are in the cache.
template <class T>
void rows_backward_block(const RowsBackward<T>& op, Index begin, Index end, const T* mean, const T* rstd,
                         const PartialParameters<T>& partial, const BlockParameters& block) {
  const Index n = op.rows.length;
  const auto group = [&](Index row, Index count) {
    Gradients<T> gradients[kGroupRows];
    for (Index r = 0; r < count; ++r) {
      const Standardizer<T> saved = saved_standardizer<T>(mean[row + r], rstd[row + r]);
      GradientSums sums = {};
      for (Index q = 0; q < op.chunks.per_item; ++q) {
        add_chunk(op, row + r, chunk_at<T>(op.rows, op.chunks, row + r, q), saved, sums);
      }
      gradients[r] = gradients_of(sums, n, saved);
    }
    group_columns(op, row, gradients, count, 0, n, partial);
  };
  for_groups(begin, end, group, [&] {
    if (partial.dweight) flush(partial, block, 0, n);
  });
}

/// A tile of a block whose rows' sums are known: for long rows that several threads share.
template <class T>
void rows_backward_columns(const RowsBackward<T>& op, const Tile& tile, const Gradients<T>* gradients,
                           const PartialParameters<T>& partial, const BlockParameters& block) {
  const auto group = [&](Index row, Index count) {
    group_columns(op, row, gradients + row, count, tile.col_begin, tile.col_end, partial);
  };
  for_groups(tile.row_begin, tile.row_end, group, [&] {
    if (partial.dweight) flush(partial, block, tile.col_begin, tile.col_end);
  });
}

}  // namespace
}  // namespace simdnorm
