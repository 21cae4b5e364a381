// Rows, backward, where parameters run along the length: dweight and dbias sum over the rows, so rows are taken in
// blocks. Four rows at a time: first their sums, then, column by column, weight is loaded once for all four, and
// dweight and dbias are updated once. A block adds up in T over 64 rows, in double beyond; the drivers fold blocks.
#pragma once

#include "kernels/rows_backward.hpp"

namespace simdnorm {
namespace {

constexpr int kGroupRows = 4;

/// What one row needs in the second pass.
template <class T>
struct RowGradient {
  const T *dy, *x;
  T* dx;
  Xhat<T> xhat;
  ItemProjection<T> project;

  RowGradient() = default;
  RowGradient(const RowsBackward<T>& op, Index row, const Gradients<T>& g)
      : dy(op.dy + row * op.rows.item_stride),
        x(op.x + row * op.rows.item_stride),
        dx(op.dx ? op.dx + row * op.rows.item_stride : nullptr),
        xhat(g.standardizer),
        project(g.projection) {}
};

/// M rows from `first` on, whose sums are known, and the columns to work on.
template <class T>
struct RowGroup {
  Index first;
  const Gradients<T>* gradients;
  Index begin, end;
};

/// dx, and what the rows add to the partial sums.
template <int M, bool Dx, bool Parameters, class T, class Write>
inline void write_group(const RowsBackward<T>& op, const RowGroup<T>& group, const PartialParameters<T>& partial,
                        Write write) {
  RowGradient<T> rows[M];  // local, so that all of it can stay in registers whatever dx overlaps
  for (int r = 0; r < M; ++r) rows[r] = RowGradient<T>(op, group.first + r, group.gradients[r]);
  const T* weights = op.weight;
  T *dweights = partial.dweight, *dbiases = partial.dbias;
  const T* written = (Dx ? rows[0].dx : dweights) + group.begin;
  map_aligned<T>(written, group.end - group.begin, [&](Index k, auto lanes) SIMDNORM_INLINE {
    const Index i = group.begin + k;
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
      if constexpr (Dx) write(rows[r].dx + i, rows[r].project(dy * weight, xhat), lanes);
    }
    if constexpr (Parameters) {
      store(dweights + i, load(dweights + i, lanes) + dweight, lanes);
      store(dbiases + i, load(dbiases + i, lanes) + dbias, lanes);
    }
  });
}

template <int M, class T, class Write>
inline void write_group(const RowsBackward<T>& op, const RowGroup<T>& group, const PartialParameters<T>& partial,
                        Write write) {
  if (!partial.dweight) return write_group<M, true, false>(op, group, partial, write);
  if (!op.dx) return write_group<M, false, true>(op, group, partial, write);
  write_group<M, true, true>(op, group, partial, write);
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

/// Rows [begin, end) in groups of four, what remains one by one: gradients(row) gives those of the rows from there
/// on, ready for columns [col_begin, col_end).
template <class T, class GradientsFrom>
inline void write_rows(const RowsBackward<T>& op, const Tile& tile, const PartialParameters<T>& partial,
                       const BlockParameters& block, GradientsFrom gradients) {
  with_writer(op.stream, [&](auto write) {
    for (Index row = tile.row_begin; row < tile.row_end;) {
      const bool whole = row + kGroupRows <= tile.row_end;
      const Index count = whole ? kGroupRows : 1;
      const RowGroup<T> group = {row, gradients(row, count), tile.col_begin, tile.col_end};
      whole ? write_group<kGroupRows>(op, group, partial, write) : write_group<1>(op, group, partial, write);
      row += count;
      const bool full = (row - tile.row_begin) % kFlushRows == 0;
      if (partial.dweight && (full || row == tile.row_end)) flush(partial, block, tile.col_begin, tile.col_end);
    }
  });
}

// What the drivers call. `partial` is zero before and after; null where no parameter's gradient is wanted.

/// A block of rows, all columns: sums and dx of four rows while they are in the cache.
template <class T>
void rows_backward_block(const RowsBackward<T>& op, Index begin, Index end, const T* mean, const T* rstd,
                         const PartialParameters<T>& partial, const BlockParameters& block) {
  const Index n = op.rows.length;
  Gradients<T> gradients[kGroupRows];
  write_rows(op, {begin, end, 0, n}, partial, block, [&](Index row, Index count) {
    for (Index r = 0; r < count; ++r) {
      const Standardizer<T> saved = saved_standardizer<T>(mean[row + r], rstd[row + r]);
      GradientSums sums = {};
      for (Index q = 0; q < op.chunks.per_item; ++q) {
        add_chunk(op, row + r, chunk_at<T>(op.rows, op.chunks, row + r, q), saved, sums);
      }
      gradients[r] = gradients_of(sums, n, saved, 1.0, true);
    }
    return gradients;
  });
}

/// A tile of a block whose rows' sums are known: for long rows that several threads share.
template <class T>
void rows_backward_columns(const RowsBackward<T>& op, const Tile& tile, const Gradients<T>* gradients,
                           const PartialParameters<T>& partial, const BlockParameters& block) {
  write_rows(op, tile, partial, block, [&](Index row, Index) { return gradients + row; });
}

}  // namespace
}  // namespace simdnorm
