// Rows, backward, where parameters run along the length: dweight and dbias sum over the rows, so rows are taken in
// blocks. Four rows at a time: first their sums, then, column by column, weight is loaded once for all four, and
// dweight and dbias are updated once. A block adds up in T over 64 rows, in double beyond; the drivers fold blocks.
#pragma once

#include "kernels/rows_backward.hpp"
#include "kernels/send.hpp"

namespace simdnorm {
namespace {

constexpr int kGroupRows = 4;
constexpr Index kTogetherBackward = 3072;  // elements of x that stay in the first cache from sums to dx

/// What one row needs in the second pass.
template <class T>
struct RowGradient {
  Xhat<T> xhat;
  ItemProjection<T> project;

  RowGradient() = default;
  explicit RowGradient(const Gradients<T>& g) : xhat(g.standardizer), project(g.projection) {}
};

/// Rows from `first` on, whose sums are known, and the columns to work on. dx goes to `out`, rows `out_stride` apart.
template <class E>
struct RowGroup {
  Index first;
  const Gradients<Compute<E>>* gradients;
  Index begin, end;
  E* out;
  Index out_stride;
};

/// What is to be computed, for the compiler to leave out the rest.
template <bool Dx, bool Parameters, bool Dsummed>
struct Wanted {
  static constexpr bool dx = Dx, parameters = Parameters, dsummed = Dsummed;
};

/// dx, and what the rows add to the partial sums.
template <int M, class What, class E, class Write>
inline void write_group(What, const RowsBackward<E>& op, const RowGroup<E>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  using T = Compute<E>;
  RowGradient<T> rows[M];  // local, so that all of it can stay in registers whatever dx overlaps
  for (int r = 0; r < M; ++r) rows[r] = RowGradient<T>(group.gradients[r]);
  const Index stride = op.rows.length, at = item_offset(op.rows, group.first) + group.begin;
  const Index ahead = larger(kTogetherBackward, M * stride), out_stride = group.out_stride;
  const E *dys = op.dy + at, *xs = op.x + at, *dsums = op.dsummed + at;
  E* dxs = group.out;
  const T* weights = op.weight + group.begin;
  T *dweights = partial.dweight + group.begin, *dbiases = partial.dbias + group.begin;
  const auto body = [&](Index i, auto lanes) SIMDNORM_INLINE {
    const Pack<T> weight = load(weights + i, lanes);
    Pack<T> dweight = broadcast<T>(T(0)), dbias = broadcast<T>(T(0));
    SIMDNORM_UNROLL
    for (int r = 0; r < M; ++r) {
      const Index k = r * stride + i;
      if constexpr (Write::kFar) {
        prefetch(dys + k, ahead);
        prefetch(xs + k, ahead);
      }
      const Pack<T> dy = load(dys + k, lanes);
      const Pack<T> xhat = rows[r].xhat(load(xs + k, lanes));
      if constexpr (What::parameters) {
        dweight = fma(dy, xhat, dweight);
        dbias = dbias + dy;
      }
      if constexpr (What::dx) {
        Pack<T> dx = rows[r].project(dy * weight, xhat);
        if constexpr (What::dsummed) dx = dx + load(dsums + k, lanes);
        write(dxs + r * out_stride + i, dx, lanes);
      }
    }
    if constexpr (What::parameters) {
      store(dweights + i, load(dweights + i, lanes) + dweight, lanes);
      store(dbiases + i, load(dbiases + i, lanes) + dbias, lanes);
    }
  };
  if constexpr (What::dx) {
    map_aligned(dxs, group.end - group.begin, body);
  } else {
    map_aligned(dweights, group.end - group.begin, body);
  }
}

template <int M, class E, class Write>
inline void write_group(const RowsBackward<E>& op, const RowGroup<E>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  const bool parameters = partial.dweight;
  if (!op.dx) return write_group<M>(Wanted<false, true, false>{}, op, group, partial, write);
  if (parameters && op.dsummed) return write_group<M>(Wanted<true, true, true>{}, op, group, partial, write);
  if (parameters) return write_group<M>(Wanted<true, true, false>{}, op, group, partial, write);
  if (op.dsummed) return write_group<M>(Wanted<true, false, true>{}, op, group, partial, write);
  write_group<M>(Wanted<true, false, false>{}, op, group, partial, write);
}

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

template <int M>
using Count = std::integral_constant<int, M>;

/// Rows that are taken together: their sums, then dx. A divisor of kFlushRows.
inline Index together_backward(Index n) {
  return 2 * kGroupRows * n <= kTogetherBackward ? 2 * kGroupRows : kGroupRows;
}

/// Whether `count` items from `row` on are evenly apart.
inline bool evenly_apart(const Rows& rows, Index row, Index count) {
  return rows.segments == 1 || rows.outer == 1 || row % rows.kept + count <= rows.kept;
}

/// The rows of a tile: gradients(row, count) gives those of `count` rows from there on; write(count, group) takes four
/// rows, or those that remain one by one.
template <class E, class GradientsFrom, class WriteGroup>
SIMDNORM_INLINE inline void for_groups(const RowsBackward<E>& op, const Tile& tile,
                                       const PartialParameters<Compute<E>>& partial, const BlockParameters& block,
                                       GradientsFrom gradients, WriteGroup write) {
  const Index together = together_backward(tile.col_end - tile.col_begin);
  for (Index row = tile.row_begin; row < tile.row_end;) {
    const Index count = smaller(together, tile.row_end - row);
    const Gradients<Compute<E>>* of_rows = gradients(row, count);
    for (Index r = 0; r < count;) {
      const bool whole = r + kGroupRows <= count && evenly_apart(op.rows, row + r, kGroupRows);
      const RowGroup<E> group = {row + r, of_rows + r, tile.col_begin, tile.col_end, nullptr, op.rows.length};
      whole ? write(Count<kGroupRows>{}, group) : write(Count<1>{}, group);
      r += whole ? kGroupRows : 1;
    }
    row += count;
    const bool full = (row - tile.row_begin) % kFlushRows == 0;
    if (partial.dweight && (full || row == tile.row_end)) flush(partial, block, tile.col_begin, tile.col_end);
  }
}

template <class E, class GradientsFrom>
inline void write_rows(const RowsBackward<E>& op, const Tile& tile, const PartialParameters<Compute<E>>& partial,
                       const BlockParameters& block, GradientsFrom gradients) {
  const auto direct = [&](auto write) SIMDNORM_INLINE {
    for_groups(op, tile, partial, block, gradients, [&](auto count, RowGroup<E> group) SIMDNORM_INLINE {
      group.out = op.dx + item_offset(op.rows, group.first) + group.begin;
      write_group<count.value>(op, group, partial, write);
    });
  };
  if constexpr (kStreams) {
    if (op.stream && sends_rows<E>(op.rows.length)) {
      constexpr Index width = kTogetherBackward / kGroupRows;
      alignas(kPackBytes) E buffer[kTogetherBackward];
      for_groups(op, tile, partial, block, gradients, [&](auto count, const RowGroup<E>& group) SIMDNORM_INLINE {
        E* dx = op.dx + item_offset(op.rows, group.first);
        for (Index at = group.begin; at < group.end; at += width) {
          RowGroup<E> piece = group;
          piece.begin = at;
          piece.end = smaller(group.end, at + width);
          piece.out = buffer;
          piece.out_stride = piece.end - piece.begin;
          write_group<count.value>(op, piece, partial, ThroughCachesFromAfar{});
          send_lines(dx + at, op.rows.length, buffer, piece.out_stride, Index{count.value});
        }
      });
      return stream_fence();
    }
  }
  with_writer(op.stream, op.far, direct);
}

// What the drivers call. `partial` is zero before; null where no parameter's gradient is wanted.

/// A block of rows, all columns: sums and dx of several rows while they are in the cache. Without segments: a row's
/// elements are neighbours.
template <class E>
void rows_backward_block(const RowsBackward<E>& op, Index begin, Index end, const Compute<E>* mean,
                         const Compute<E>* rstd, const PartialParameters<Compute<E>>& partial,
                         const BlockParameters& block) {
  using T = Compute<E>;
  const Index n = op.rows.length;
  Gradients<T> gradients[2 * kGroupRows];
  write_rows(op, {begin, end, 0, n}, partial, block, [&](Index row, Index count) SIMDNORM_INLINE {
    GradientSums sums[2 * kGroupRows] = {};
    for (Index r = 0; r < count; ++r) {
      const Standardizer<T> saved = saved_standardizer(mean, rstd, row + r);
      for (Index q = 0; q < op.chunks.per_item; ++q) {
        add(sums[r], chunk_sums(op, chunk_at<T>(op.rows, op.chunks, row + r, q), saved));
      }
    }
    for (Index r = 0; r < count; ++r) {
      gradients[r] = gradients_of(sums[r], n, saved_standardizer(mean, rstd, row + r), {op.about, true, false}, 1.0);
    }
    return gradients;
  });
}

/// A tile of a block whose rows' sums are known: for long rows that several threads share.
template <class E>
void rows_backward_columns(const RowsBackward<E>& op, const Tile& tile, const Gradients<Compute<E>>* gradients,
                           const PartialParameters<Compute<E>>& partial, const BlockParameters& block) {
  write_rows(op, tile, partial, block, [&](Index row, Index) SIMDNORM_INLINE { return gradients + row; });
}

/// Columns [begin, end) of one gradient: the blocks' sums, (blocks, length), in order, rounded once. A strip of columns
/// at a time, so that the compiler adds several at once.
template <class T>
void fold_blocks(const double* sums, Index blocks, Index length, Index begin, Index end, T* gradient) {
  constexpr Index most = 32;
  for (Index i = begin; i < end; i += most) {
    const Index width = smaller(most, end - i);
    double value[most] = {}, error[most] = {};
    for (Index b = 0; b < blocks; ++b) {
      const double* block = sums + b * length + i;
      for (Index k = 0; k < width; ++k) {
        Sum sum = {value[k], error[k]};
        add(sum, block[k]);
        value[k] = sum.value;
        error[k] = sum.error;
      }
    }
    for (Index k = 0; k < width; ++k) gradient[i + k] = static_cast<T>(simdnorm::value(Sum{value[k], error[k]}));
  }
}

}  // namespace
}  // namespace simdnorm
