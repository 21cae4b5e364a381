// Rows, forward, where an item is one row of neighbours: how several rows are standardized, a lane each.
#pragma once

#include "kernels/rows_moments.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

/// Of `count` rows from `row` on, each by itself.
template <class E>
SIMDNORM_INLINE inline MomentLanes moments_of(const RowsForward<E>& op, Index row, Index count) {
  if (count == 1) return MomentLanes(row_moments(op, row));
  const Index n = op.rows.length;
  const E* x = op.x + row * n;
  const E* soon = op.y && !op.stream ? op.y + row * n : x;
  if (op.residual.summed) add_residual(op.residual, {row * n, 1, count * n, 0, 0, count * n});
  MomentLanes moments;
  for (Index at = 0; at < n; at += kChunk<Compute<E>>) {
    const Index length = smaller(n - at, kChunk<Compute<E>>);
    moments.take(chunk_sums(op.about, x + at, soon + at, n, length, count), length);
  }
  return moments;
}

/// How rows are standardized: the ordinary ones in lanes, each of the others by itself.
template <class E>
struct RowStandards {
  using T = Compute<E>;
  Index first;  // row
  StandardizerLanes<T> lanes;
  bool rare[kItemLanes] = {};
  Standardizer<T> of_rare[kItemLanes];

  RowStandards(const RowsForward<E>& op, Index row, Index count) : first(row) {
    MomentLanes moments = moments_of(op, row, count);
    const Index rares = standardize(moments.entries(), 0, kItemLanes, moments.count, op.eps, lanes.entries());
    for (Index r = 0; op.saved.mean && r < count; ++r) op.saved.mean[row + r] = lanes.mean[r];
    for (Index r = 0; op.saved.rstd && r < count; ++r) op.saved.rstd[row + r] = lanes.rstd[r];
    if (rares == 0 && !op.saved.statistics) return;
    for (Index r = 0; r < count; ++r) {
      const Moments own = moments.entries().at(r);
      rare[r] = !ordinary<T>(own, moments.count, op.eps);
      of_rare[r] = finish(op, row + r, {own, moments.count});
    }
  }
  bool are_ordinary(Index begin, Index end) const {
    bool all = true;
    for (Index r = begin; r < end; ++r) all &= !rare[r];
    return all;
  }
  Xhat<T> xhat(Index r) const {
    return {broadcast<T>(lanes.mean[r]), broadcast<T>(lanes.rstd[r]), broadcast<T>(lanes.shift[r])};
  }
};

}  // namespace
}  // namespace simdnorm
