// Rows, backward, where parameters run along the length: dx of rows whose sums are known, and what they add to dweight
// and dbias. Column by column, weight is loaded once for four rows, and dweight and dbias are updated once.
#pragma once

#include "kernels/rows_gradients.hpp"

namespace simdnorm {
namespace {

/// Rows that are taken together: a divisor of kFlushRows.
inline Index backward_together(Index n) { return together(n, 3072); }

/// What dx of one row needs, on packs.
template <class T>
struct RowGradient {
  Xhat<T> xhat;
  ItemProjection<T> project;
};

/// Rows from `first` on, what each needs for its dx, and the columns to work on. The first element's dx goes to `out`;
/// rows are as far apart there as everywhere.
template <class E>
struct RowGroup {
  Index first, begin, end;
  const Gradients<Compute<E>>* gradients;
  E* out;

  RowGroup from(Index r, Index stride) const { return {first + r, begin, end, gradients + r, out + r * stride}; }
};

/// What is to be computed, for the compiler to leave out the rest.
template <bool Dx, bool Parameters, bool Dsummed>
struct Wanted {
  static constexpr bool dx = Dx, parameters = Parameters, dsummed = Dsummed;
};

/// dx of M rows, and what they add to the partial sums.
template <int M, class What, class E, class Write>
inline void write_group(What, const RowsBackward<E>& op, const RowGroup<E>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  using T = Compute<E>;
  RowGradient<T> rows[M];  // local, so that all of it can stay in registers whatever dx overlaps
  for (int r = 0; r < M; ++r) {
    rows[r] = {Xhat<T>(group.gradients[r].standardizer), ItemProjection<T>(group.gradients[r].projection)};
  }
  const Index stride = op.rows.length, at = item_offset(op.rows, group.first) + group.begin;
  const Index ahead = backward_together(stride) * stride;
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
        write(dxs + k, dx, lanes);
      }
    }
    if constexpr (What::parameters) {
      store(dweights + i, load(dweights + i, lanes) + dweight, lanes);
      store(dbiases + i, load(dbiases + i, lanes) + dbias, lanes);
    }
  };
  if constexpr (What::dx) {
    map_to(write, dxs, group.end - group.begin, body);
  } else {
    map_aligned(dweights, group.end - group.begin, body);
  }
}

template <int M, class E, class Write>
inline void write_group(const RowsBackward<E>& op, const RowGroup<E>& group,
                        const PartialParameters<Compute<E>>& partial, Write write) {
  const auto of = [&](auto what, auto how) SIMDNORM_INLINE { write_group<M>(what, op, group, partial, how); };
  const bool parameters = partial.dweight;
  if constexpr (Write::kPast && M > 1) {
    if (!in_step<E>(op.rows.length)) {  // what goes past the caches goes row by row, for each has lines of its own
      if (parameters) of(Wanted<false, true, false>{}, ThroughCaches{});
      for (Index r = 0; r < M; ++r) write_group<1>(op, group.from(r, op.rows.length), {nullptr, nullptr}, write);
      return;
    }
  }
  if (!op.dx) return of(Wanted<false, true, false>{}, write);
  if (parameters && op.dsummed) return of(Wanted<true, true, true>{}, write);
  if (parameters) return of(Wanted<true, true, false>{}, write);
  if (op.dsummed) return of(Wanted<true, false, true>{}, write);
  of(Wanted<true, false, false>{}, write);
}

/// Whether `count` items from `row` on are evenly apart.
inline bool evenly_apart(const Rows& rows, Index row, Index count) {
  return rows.segments == 1 || rows.outer == 1 || row % rows.kept + count <= rows.kept;
}

/// The rows and columns of `tile`: four rows side by side, or those that remain one by one. gradient(row) is known; the
/// dx of a row goes to out(row), rows as far apart as everywhere.
template <class E, class Write, class GradientOf, class Out>
SIMDNORM_INLINE inline void write_tile(const RowsBackward<E>& op, const Tile& tile,
                                       const PartialParameters<Compute<E>>& partial, Write write, GradientOf gradient,
                                       Out out) {
  Gradients<Compute<E>> gradients[kSideBySide];
  for (Index row = tile.row_begin; row < tile.row_end;) {
    const RowGroup<E> group = {row, tile.col_begin, tile.col_end, gradients, out(row)};
    const bool whole = row + kSideBySide <= tile.row_end && evenly_apart(op.rows, row, kSideBySide);
    const Index count = whole ? kSideBySide : 1;
    for (Index r = 0; r < count; ++r) gradients[r] = gradient(row + r);
    if (whole) {
      write_group<kSideBySide>(op, group, partial, write);
    } else {
      write_group<1>(op, group, partial, write);
    }
    row += count;
  }
}

}  // namespace
}  // namespace simdnorm
