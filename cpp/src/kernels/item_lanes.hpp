// Items side by side. What is scalar in an item is one long chain of operations; taken for several items at once, a
// lane each, the chains are walked together. The mathematics is that of moments.hpp and standardizers.hpp; the loops
// over lanes are for the compiler to turn into vectors.
#pragma once

#include <cstdint>

#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

constexpr Index kItemLanes = 8;

/// What a pass over a chunk leaves: the sums of x - pivot and of its square.
template <class T>
struct ChunkSums {
  T pivot, sum, squares;
};

/// Those of one chunk of each item; all these chunks are of one size.
struct ChunkSumLanes {
  double pivot[kItemLanes], sum[kItemLanes], squares[kItemLanes];

  template <class T>
  SIMDNORM_INLINE void set(Index lane, const ChunkSums<T>& s) {
    pivot[lane] = static_cast<double>(s.pivot);
    sum[lane] = static_cast<double>(s.sum);
    squares[lane] = static_cast<double>(s.squares);
  }
  SIMDNORM_INLINE Moments moments(Index lane, Index count) const {
    return moments_about(pivot[lane], sum[lane], squares[lane], count);
  }
};

/// GrowingMoments of each lane.
struct MomentLanes {
  double pivot[kItemLanes], offset[kItemLanes], offset_error[kItemLanes], m2[kItemLanes], m2_error[kItemLanes];
  Index count = 0;

  SIMDNORM_INLINE Moments at(Index lane) const {
    return {pivot[lane], {offset[lane], offset_error[lane]}, {m2[lane], m2_error[lane]}};
  }

  SIMDNORM_INLINE void take(const ChunkSumLanes& part, Index part_count) {
    if (count == 0) {
      for (Index r = 0; r < kItemLanes; ++r) set(r, part.moments(r, part_count));
    } else {
      const MergeWeights weights = merge_weights(count, part_count);
      for (Index r = 0; r < kItemLanes; ++r) {
        Moments whole = at(r);
        merge(whole, part.moments(r, part_count), weights);
        set(r, whole);
      }
    }
    count += part_count;
  }

 private:
  SIMDNORM_INLINE void set(Index lane, const Moments& m) {
    pivot[lane] = m.pivot;
    offset[lane] = m.offset.value;
    offset_error[lane] = m.offset.error;
    m2[lane] = m.m2.value;
    m2_error[lane] = m.m2.error;
  }
};

/// How each item is standardized, if it is an ordinary one.
template <class T>
struct StandardizerLanes {
  T mean[kItemLanes], rstd[kItemLanes], shift[kItemLanes];
  std::int64_t rare[kItemLanes];

  SIMDNORM_INLINE StandardizerLanes(const MomentLanes& moments, double eps) {
    for (Index r = 0; r < kItemLanes; ++r) {
      const Moments m = moments.at(r);
      const Standardizer<T> s = ordinary_standardizer<T>(m, moments.count, eps);
      mean[r] = s.mean;
      rstd[r] = s.rstd;
      shift[r] = s.shift;
      rare[r] = ordinary<T>(m, moments.count, eps) ? 0 : 1;
    }
  }
};

}  // namespace
}  // namespace simdnorm
