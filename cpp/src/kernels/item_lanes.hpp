// Items side by side. What is scalar in an item is one long chain of operations; taken for several items at once, a
// lane each, the chains are walked together.
#pragma once

#include "kernels/item_statistics.hpp"
#include "simd/pack.hpp"

namespace simdnorm {
namespace {

constexpr Index kItemLanes = kSumsAtOnce;
constexpr Index kSideBySide = 4;  // items that share what is loaded of parameters

/// How many rows of `n` elements are taken together: `most` elements stay in the first cache between the steps.
inline Index together(Index n, Index most) { return kItemLanes * n <= most ? kItemLanes : kSideBySide; }

/// What a pass over one chunk of each item leaves: the sums of x - pivot and of its square. All the chunks are of one
/// size; lanes that have none hold zeros.
template <class T>
struct ChunkSumLanes {
  T pivot[kItemLanes] = {}, sum[kItemLanes] = {}, squares[kItemLanes];
};

/// GrowingMoments of each lane.
struct MomentLanes {
  double pivot[kItemLanes], offset[kItemLanes], offset_error[kItemLanes], m2[kItemLanes], m2_error[kItemLanes];
  Index count = 0;

  MomentLanes() = default;
  explicit MomentLanes(const GrowingMoments& of_one) : count(of_one.count) {
    entries().set(0, of_one.moments);
    for (Index r = 1; r < kItemLanes; ++r) entries().set(r, {});
  }

  SIMDNORM_INLINE MomentEntries entries() { return {pivot, offset, offset_error, m2, m2_error}; }

  template <class T>
  SIMDNORM_INLINE void take(const ChunkSumLanes<T>& part, Index part_count) {
    const auto of_part = [&](const MomentEntries& to) SIMDNORM_INLINE {
      SIMDNORM_SIDE_BY_SIDE
      for (Index r = 0; r < kItemLanes; ++r) {
        to.set(r, moments_about(static_cast<double>(part.pivot[r]), static_cast<double>(part.sum[r]),
                                static_cast<double>(part.squares[r]), part_count));
      }
    };
    if (count == 0) {
      of_part(entries());
    } else {
      MomentLanes more;
      of_part(more.entries());
      join_moments(entries(), more.entries(), 0, kItemLanes, count, part_count);
    }
    count += part_count;
  }
};

template <class T>
struct StandardizerLanes {
  T mean[kItemLanes], rstd[kItemLanes], shift[kItemLanes];

  SIMDNORM_INLINE StandardizerEntries<T> entries() { return {mean, rstd, shift}; }
};

}  // namespace
}  // namespace simdnorm
