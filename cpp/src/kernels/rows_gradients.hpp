// Rows, backward, where an item is one row of neighbours: the sums of several rows and what their dx needs, a lane
// each. Packs first, then the horizontal sums of all rows together, then what is scalar in a row.
#pragma once

#include "kernels/rows_backward.hpp"

namespace simdnorm {
namespace {

struct GradientSumLanes {
  double dy[kItemLanes], dy_error[kItemLanes], dy_xhat[kItemLanes], dy_xhat_error[kItemLanes];
  double xhat[kItemLanes], xhat_error[kItemLanes];

  SIMDNORM_INLINE GradientSumLanes() {
    for (Index r = 0; r < kItemLanes; ++r) entries().set(r, {});
  }
  SIMDNORM_INLINE GradientSumEntries entries() { return {dy, dy_error, dy_xhat, dy_xhat_error, xhat, xhat_error}; }
};

/// From dy, x and the saved statistics of `count` rows to what their dx needs.
template <class E>
class RowGradients {
  using T = Compute<E>;

 public:
  RowGradients(const RowsBackward<E>& op, Index row, Index count, const T* mean, const T* rstd) {
    for (Index r = 0; r < kItemLanes; ++r) {
      mean_[r] = mean && r < count ? mean[row + r] : T(0);
      rstd_[r] = r < count ? rstd[row + r] : T(0);
      shift_[r] = T(0);
      weight_[r] = T(1);
    }
    GradientSumLanes sums;
    const Index n = op.rows.length;
    for (Index at = 0; at < n; at += kChunk<T>) {
      take(op, {row * n + at, 1, smaller(n - at, kChunk<T>), 0, at, 0}, count, sums);
    }
    project(sums.entries(), 0, kItemLanes, n, {op.about, true, false}, weight_,
            StandardizerEntries<T>{mean_, rstd_, shift_},
            ProjectionEntries<T>{weight_, scale_, dy_mean_, dy_xhat_mean_});
  }

  Gradients<T> at(Index r) const {
    return {{T(1), mean_[r], rstd_[r], shift_[r], T(0)}, {T(1), scale_[r], dy_mean_[r], dy_xhat_mean_[r]}};
  }

 private:
  /// The sums of the same chunk of all rows; `chunk` is the first row's.
  SIMDNORM_INLINE void take(const RowsBackward<E>& op, const Chunk& chunk, Index count, GradientSumLanes& sums) const {
    const auto saved = [&](Index r) SIMDNORM_INLINE { return saved_standardizer(mean_, rstd_, r); };
    const ChunkGradientSumLanes<T> chunks = chunk_sums(op, chunk, count, saved);
    const GradientSumEntries entries = sums.entries();
    SIMDNORM_SIDE_BY_SIDE
    for (Index r = 0; r < kItemLanes; ++r) {
      GradientSums own = entries.at(r);
      add(own, chunks.at(r));
      entries.set(r, own);
    }
  }

  T mean_[kItemLanes], rstd_[kItemLanes], shift_[kItemLanes];
  T weight_[kItemLanes], scale_[kItemLanes], dy_mean_[kItemLanes], dy_xhat_mean_[kItemLanes];
};

}  // namespace
}  // namespace simdnorm
