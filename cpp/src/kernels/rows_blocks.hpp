// Rows, backward, where parameters run along the length: dweight and dbias sum over the rows, so rows are taken in
// blocks. Four rows at a time: first their sums, then, column by column, weight is loaded once for all four, and
// dweight and dbias are updated once. A block adds up in T over 64 rows, in double beyond; the drivers fold blocks.
#pragma once

#include "kernels/rows_backward.hpp"

namespace simdnorm {
namespace {

constexpr int kGroupRows = 4;

/// What one row needs in the second pass.
template <class E>
struct RowGradient {
  using T = Compute<E>;
  const E *dy, *x, *dsummed;
  E* dx;
  Xhat<T> xhat;
  ItemProjection<T> project;

  RowGradient() = default;
  RowGradient(const RowsBackward<E>& op, Index row, const Gradients<T>& g)
      : RowGradient(op, item_offset(op.rows, row), g.standardizer, g.projection) {}

 private:
  RowGradient(const RowsBackward<E>& op, Index at, const Standardizer<T>& s, const Projection<T>& p)
      : dy(op.dy + at),
        x(op.x + at),
        dsummed(op.dsummed ? op.dsummed + at : nullptr),
        dx(op.dx ? op.dx + at : nullptr),
        xhat(s),
        project(p) {}
};

/// M rows from `first` on, whose sums are known, and the columns to work on.
template <class T>
struct RowGroup {
  Index first;
  const Gradients<T>* gradients;
  Index begin, end;
};

/// What is to be computed, for the compiler to leave out the rest.
template <bool Dx, bool Parameters, bool Dsummed>
struct Wanted {
  static constexpr bool dx = Dx, parameters = Parameters, dsummed = Dsummed;
};

/// dx, and what the rows add to the partial sums.
template <int M, class What, class E, class Write>
inline void write_group(What, const RowsBackward<E>& op, const RowGroup<Compute<E>>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  using T = Compute<E>;
  RowGradient<E> rows[M];  // local, so that all of it can stay in registers whatever dx overlaps
  for (int r = 0; r < M; ++r) rows[r] = RowGradient<E>(op, group.first + r, group.gradients[r]);
  const T* weights = op.weight;
  T *dweights = partial.dweight, *dbiases = partial.dbias;
  const auto body = [&](Index k, auto lanes) SIMDNORM_INLINE {
    const Index i = group.begin + k;
    const Pack<T> weight = load(weights + i, lanes);
    Pack<T> dweight = broadcast<T>(T(0)), dbias = broadcast<T>(T(0));
    SIMDNORM_UNROLL
    for (int r = 0; r < M; ++r) {
      const Pack<T> dy = load(rows[r].dy + i, lanes);
      const Pack<T> xhat = rows[r].xhat(load(rows[r].x + i, lanes));
      if constexpr (What::parameters) {
        dweight = fma(dy, xhat, dweight);
        dbias = dbias + dy;
      }
      if constexpr (What::dx) {
        Pack<T> dx = rows[r].project(dy * weight, xhat);
        if constexpr (What::dsummed) dx = dx + load(rows[r].dsummed + i, lanes);
        write(rows[r].dx + i, dx, lanes);
      }
    }
    if constexpr (What::parameters) {
      store(dweights + i, load(dweights + i, lanes) + dweight, lanes);
      store(dbiases + i, load(dbiases + i, lanes) + dbias, lanes);
    }
  };
  if constexpr (What::dx) {
    map_aligned(rows[0].dx + group.begin, group.end - group.begin, body);
  } else {
    map_aligned(dweights + group.begin, group.end - group.begin, body);
  }
}

template <int M, class E, class Write>
inline void write_group(const RowsBackward<E>& op, const RowGroup<Compute<E>>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  const bool parameters = partial.dweight;
  if (!op.dx) return write_group<M>(Wanted<false, true, false>{}, op, group, partial, write);
  if (parameters && op.dsummed) return write_group<M>(Wanted<true, true, true>{}, op, group, partial, write);
  if (parameters) return write_group<M>(Wanted<true, true, false>{}, op, group, partial, write);
  if (op.dsummed) return write_group<M>(Wanted<true, false, true>{}, op, group, partial, write);
  write_group<M>(Wanted<true, false, false>{}, op, group, partial, write);
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
template <class E, class GradientsFrom>
inline void write_rows(const RowsBackward<E>& op, const Tile& tile, const PartialParameters<Compute<E>>& partial,
                       const BlockParameters& block, GradientsFrom gradients) {
  with_writer(op.stream, [&](auto write) {
    for (Index row = tile.row_begin; row < tile.row_end;) {
      const bool whole = row + kGroupRows <= tile.row_end;
      const Index count = whole ? kGroupRows : 1;
      const RowGroup<Compute<E>> group = {row, gradients(row, count), tile.col_begin, tile.col_end};
      whole ? write_group<kGroupRows>(op, group, partial, write) : write_group<1>(op, group, partial, write);
      row += count;
      const bool full = (row - tile.row_begin) % kFlushRows == 0;
      if (partial.dweight && (full || row == tile.row_end)) flush(partial, block, tile.col_begin, tile.col_end);
    }
  });
}

// What the drivers call. `partial` is zero before and after; null where no parameter's gradient is wanted.

/// A block of rows, all columns: sums and dx of four rows while they are in the cache. Without segments: a row's
/// elements are neighbours.
template <class E>
void rows_backward_block(const RowsBackward<E>& op, Index begin, Index end, const Compute<E>* mean,
                         const Compute<E>* rstd, const PartialParameters<Compute<E>>& partial,
                         const BlockParameters& block) {
  using T = Compute<E>;
  const Index n = op.rows.length;
  const Backward pass = {op.about, true, false};
  Gradients<T> gradients[kGroupRows];
  write_rows(op, {begin, end, 0, n}, partial, block, [&](Index row, Index count) {
    for (Index r = 0; r < count; ++r) {
      const Standardizer<T> saved = saved_standardizer(mean, rstd, row + r);
      GradientSums sums = {};
      for (Index q = 0; q < op.chunks.per_item; ++q) {
        add_chunk(op, chunk_at<T>(op.rows, op.chunks, row + r, q), saved, sums);
      }
      gradients[r] = gradients_of(sums, n, saved, pass, 1.0);
    }
    return gradients;
  });
}

/// A tile of a block whose rows' sums are known: for long rows that several threads share.
template <class E>
void rows_backward_columns(const RowsBackward<E>& op, const Tile& tile, const Gradients<Compute<E>>* gradients,
                           const PartialParameters<Compute<E>>& partial, const BlockParameters& block) {
  write_rows(op, tile, partial, block, [&](Index row, Index) { return gradients + row; });
}

}  // namespace
}  // namespace simdnorm
