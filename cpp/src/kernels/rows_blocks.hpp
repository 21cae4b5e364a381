// Rows, backward, where parameters run along the length: dweight and dbias sum over the rows, so rows are taken in
// blocks. Up to eight rows at a time: first their sums, then, column by column, weight is loaded once for four of them,
// and dweight and dbias are updated once. A block adds up in T over 64 rows, in double beyond; the drivers fold blocks.
#pragma once

#include "kernels/row_sender.hpp"
#include "kernels/rows_dx.hpp"

namespace simdnorm {
namespace {

/// The partial sums of columns [begin, end), in T, join the block's, in double, and start again from zero. Where there
/// is no block they are all that there is to sum.
template <class T>
inline void flush(const PartialParameters<T>& partial, const BlockParameters& block, Index begin, Index end) {
  if (!block.dweight) return;
  for (Index i = begin; i < end; ++i) {
    block.dweight[i] += static_cast<double>(partial.dweight[i]);
    block.dbias[i] += static_cast<double>(partial.dbias[i]);
    partial.dweight[i] = partial.dbias[i] = T(0);
  }
}

/// work(begin, end) on rows whose partial sums are taken in T.
template <class T, class Work>
SIMDNORM_INLINE inline void for_flushes(const Tile& tile, const PartialParameters<T>& partial,
                                        const BlockParameters& block, Work work) {
  for (Index row = tile.row_begin; row < tile.row_end; row += kFlushRows) {
    work(row, smaller(row + kFlushRows, tile.row_end));
    if (partial.dweight) flush(partial, block, tile.col_begin, tile.col_end);
  }
}

// What the drivers call. `partial` is zero before; null where no parameter's gradient is wanted.

/// A block of rows, all columns: sums and dx of several rows while they are in the cache. Without segments: a row's
/// elements are neighbours.
template <class E>
void rows_backward_block(const RowsBackward<E>& op, Index begin, Index end, const Compute<E>* mean,
                         const Compute<E>* rstd, const PartialParameters<Compute<E>>& partial,
                         const BlockParameters& block) {
  const Index n = op.rows.length;
  const auto each = [&](auto write_rows) SIMDNORM_INLINE {
    for_flushes({begin, end, 0, n}, partial, block, [&](Index first, Index last) SIMDNORM_INLINE {
      for (Index row = first; row < last; row += backward_together(n)) {
        const Index count = smaller(backward_together(n), last - row);
        write_rows(row, count, RowGradients<E>(op, row, count, mean, rstd));
      }
    });
  };
  if constexpr (kStreams) {
    if (op.stream && sends_rows(op.dx, n)) {
      RowSender<E> sender(op.dx + begin * n);
      each([&](Index row, Index count, const RowGradients<E>& rows) SIMDNORM_INLINE {
        for (Index first = row; first < row + count; first += kSideBySide) {
          const Index last = smaller(first + kSideBySide, row + count);
          E* out = sender.room();
          write_tile(
              op, {first, last, 0, n}, partial, IntoBuffer{}, [&](Index r) SIMDNORM_INLINE { return rows.at(r - row); },
              [&](Index r) SIMDNORM_INLINE { return out + (r - first) * n; });
          sender.send((last - first) * n);
        }
      });
      return;
    }
  }
  with_writer(op.stream, op.far, [&](auto write) {
    each([&](Index row, Index count, const RowGradients<E>& rows) SIMDNORM_INLINE {
      write_tile(
          op, {row, row + count, 0, n}, partial, write, [&](Index r) SIMDNORM_INLINE { return rows.at(r - row); },
          [&](Index r) SIMDNORM_INLINE { return op.dx + r * n; });
      if constexpr (write.kPast) prefetch_ends(op.dx + (row + count) * n, n, backward_together(n));
    });
  });
}

/// A tile of a block whose rows' sums are known: for long rows that several threads share.
template <class E>
void rows_backward_columns(const RowsBackward<E>& op, const Tile& tile, const Gradients<Compute<E>>* gradients,
                           const PartialParameters<Compute<E>>& partial, const BlockParameters& block) {
  with_writer(op.stream, op.far, [&](auto write) {
    for_flushes(tile, partial, block, [&](Index begin, Index end) SIMDNORM_INLINE {
      write_tile(
          op, {begin, end, tile.col_begin, tile.col_end}, partial, write,
          [&](Index row) SIMDNORM_INLINE { return gradients[row]; },
          [&](Index row) SIMDNORM_INLINE { return op.dx + item_offset(op.rows, row) + tile.col_begin; });
    });
  });
}

}  // namespace
}  // namespace simdnorm
