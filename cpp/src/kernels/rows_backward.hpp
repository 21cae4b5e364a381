// Rows, backward. With g = dy * weight (weight along the length) or g = dy, and means over an item's n elements:
//
//   xhat    = (x - mean) * rstd
//   dx      = scale * (g - mean(g) - xhat * mean(g xhat))       scale = rstd, or rstd * weight of the item
//             (about zero: without mean(g))
//   dweight = sum dy xhat    dbias = sum dy                     over the other axes
//
// xhat has mean zero; what the sum of the computed xhat says otherwise is the rounding of the saved mean, and is
// taken back (see recovered()). First all sums of an item, then its dx.
#pragma once

#include "kernels/item_lanes.hpp"
#include "kernels/row_outputs.hpp"
#include "kernels/row_walk.hpp"
#include "kernels/rows_arguments.hpp"
#include "kernels/standardizers.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

/// What a pass over a chunk leaves, and the same before its horizontal sums.
template <class T>
struct ChunkGradientSums {
  T dy, dy_xhat, xhat;
};

template <class T>
struct GradientSumPacks {
  Pack<T> dy, dy_xhat, xhat;
};

template <class T>
SIMDNORM_INLINE inline void add(GradientSums& sums, const ChunkGradientSums<T>& chunk) {
  add(sums.dy, static_cast<double>(chunk.dy));
  add(sums.dy_xhat, static_cast<double>(chunk.dy_xhat));
  add(sums.xhat, static_cast<double>(chunk.xhat));
}

/// Sums over a chunk; gradient(i, lanes) gives g of the elements from i on in its s-th segment.
template <class E, class GradientOf>
SIMDNORM_INLINE inline GradientSumPacks<Compute<E>> chunk_sum_packs(const RowsBackward<E>& op, const Chunk& chunk,
                                                                    const Xhat<Compute<E>>& xhat,
                                                                    GradientOf gradient_of) {
  using T = Compute<E>;
  Accumulators<T> sum_dy, sum_dy_xhat, sum_xhat;
  clear<T>(sum_dy);
  clear<T>(sum_dy_xhat);
  clear<T>(sum_xhat);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E *dy = op.dy + at, *x = op.x + at;
    const E* soon = op.dx && !op.stream ? op.dx + at : dy;  // dx follows in the second pass: its lines may come now
    const auto gradient = gradient_of(s);
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      prefetch_to_write(soon + i);
      const Pack<T> g = gradient(load(dy + i, lanes), i, lanes);
      const Pack<T> xh = first(xhat(load(x + i, lanes)), lanes);
      sum_dy[slot] = sum_dy[slot] + g;
      sum_dy_xhat[slot] = fma(g, xh, sum_dy_xhat[slot]);
      sum_xhat[slot] = sum_xhat[slot] + xh;
    });
  }
  return {united<T>(sum_dy), united<T>(sum_dy_xhat), united<T>(sum_xhat)};
}

template <class E>
SIMDNORM_INLINE inline GradientSumPacks<Compute<E>> chunk_sum_packs(const RowsBackward<E>& op, const Chunk& chunk,
                                                                    const Standardizer<Compute<E>>& saved) {
  using T = Compute<E>;
  const Xhat<T> xhat(saved);
  if (!op.weight) {
    return chunk_sum_packs(op, chunk, xhat, [](Index) SIMDNORM_INLINE {
      return [](Pack<T> dy, Index, auto) SIMDNORM_INLINE { return dy; };
    });
  }
  return chunk_sum_packs(op, chunk, xhat, [&](Index s) SIMDNORM_INLINE {
    const T* weight = op.weight + chunk.position + s * op.rows.length;
    return [=](Pack<T> dy, Index i, auto lanes) SIMDNORM_INLINE { return dy * load(weight + i, lanes); };
  });
}

template <class E>
inline ChunkGradientSums<Compute<E>> chunk_sums(const RowsBackward<E>& op, const Chunk& chunk,
                                                const Standardizer<Compute<E>>& saved) {
  const GradientSumPacks<Compute<E>> packs = chunk_sum_packs(op, chunk, saved);
  return {hsum(packs.dy), hsum(packs.dy_xhat), hsum(packs.xhat)};
}

/// The sums of one chunk each of several rows.
template <class T>
struct ChunkGradientSumLanes {
  T dy[kItemLanes], dy_xhat[kItemLanes], xhat[kItemLanes];
  SIMDNORM_INLINE ChunkGradientSums<T> at(Index r) const { return {dy[r], dy_xhat[r], xhat[r]}; }
};

/// The same of `count` neighbouring rows side by side; `chunk` is the first row's, saved(r) the r-th's standardizer.
template <class E, class SavedOf>
SIMDNORM_INLINE inline ChunkGradientSumLanes<Compute<E>> chunk_sums(const RowsBackward<E>& op, Chunk chunk, Index count,
                                                                    SavedOf saved) {
  using T = Compute<E>;
  Pack<T> dy[kItemLanes], dy_xhat[kItemLanes], xhat[kItemLanes];
  for (Index r = 0; r < count; ++r, chunk.offset += op.rows.length) {
    const GradientSumPacks<T> packs = chunk_sum_packs(op, chunk, saved(r));
    dy[r] = packs.dy;
    dy_xhat[r] = packs.dy_xhat;
    xhat[r] = packs.xhat;
  }
  for (Index r = count; r < kItemLanes; ++r) dy[r] = dy_xhat[r] = xhat[r] = broadcast<T>(T(0));
  ChunkGradientSumLanes<T> lanes;
  hsums(dy, lanes.dy);
  hsums(dy_xhat, lanes.dy_xhat);
  hsums(xhat, lanes.xhat);
  return lanes;
}

/// dx = scale * (g - dy_mean - xhat * dy_xhat_mean), on packs; the minus signs are taken once, here.
template <class T>
struct ItemProjection {
  Pack<T> scale, dy_mean, minus_dy_xhat_mean;
  ItemProjection() = default;
  explicit ItemProjection(const Projection<T>& p)
      : scale(broadcast<T>(p.scale)),
        dy_mean(broadcast<T>(p.dy_mean)),
        minus_dy_xhat_mean(broadcast<T>(-p.dy_xhat_mean)) {}
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> g, Pack<T> xhat) const {
    return scale * fma(minus_dy_xhat_mean, xhat, g - dy_mean);
  }
};

/// use(write), where write(gradients, at, length) is for neighbours of one item, from `at` on.
template <class E, class Output, class Use>
SIMDNORM_INLINE inline void with_dx(const RowsBackward<E>& op, Index ahead, Output& output, Use use) {
  using T = Compute<E>;
  const E *all_dy = op.dy, *all_x = op.x;  // local: what is written may overlap anything
  if (op.frozen) {
    use([&](const Gradients<T>& gradients, Index at, Index length) SIMDNORM_INLINE {
      const E* dy = all_dy + at;
      const Pack<T> scale = broadcast<T>(gradients.projection.scale);
      output.row(at, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
        if constexpr (Output::kFar) prefetch(dy + i, ahead);
        return scale * load(dy + i, lanes);
      });
    });
  } else {
    use([&](const Gradients<T>& gradients, Index at, Index length) SIMDNORM_INLINE {
      const E *dy = all_dy + at, *x = all_x + at;
      const Xhat<T> xhat(gradients.standardizer);
      const ItemProjection<T> project(gradients.projection);
      const Pack<T> weight = broadcast<T>(gradients.projection.weight);
      output.row(at, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
        if constexpr (Output::kFar) {
          prefetch(dy + i, ahead);
          prefetch(x + i, ahead);
        }
        return project(weight * load(dy + i, lanes), xhat(load(x + i, lanes)));
      });
    });
  }
}

// What the drivers call. Chunks are counted through all items.

/// Of chunks [begin, end), for which there is room from `sums` on. One standardizer for the items that share
/// statistics.
template <class E>
void rows_backward_sums(const RowsBackward<E>& op, Index begin, Index end,
                        const Standardizer<Compute<E>>* standardizers, GradientSums* sums) {
  if (are_chunks(op.rows, op.chunks)) {
    const Index n = op.rows.length;
    for (Index row = begin; row < end; row += kItemLanes) {
      const Index count = smaller(kItemLanes, end - row);
      const auto lanes = chunk_sums(op, {row * n, 1, n, 0, 0, n}, count,
                                    [&](Index r) SIMDNORM_INLINE { return standardizers[(row + r) / op.group]; });
      for (Index r = 0; r < count; ++r) {
        sums[row - begin + r] = {};
        add(sums[row - begin + r], lanes.at(r));
      }
    }
    return;
  }
  for (Index q = begin; q < end; ++q) {
    const Index item = q / op.chunks.per_item;
    const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item);
    sums[q - begin] = {};
    add(sums[q - begin], chunk_sums(op, chunk, standardizers[item / op.group]));
  }
}

/// dx where no parameter runs along the length: the item's own is part of the projection.
template <class E>
void rows_backward_apply(const RowsBackward<E>& op, const Strips& strips, const Gradients<Compute<E>>* gradients) {
  with_output(op.dx, op.stream, op.far, op.rows.length, [&](auto& output) {
    with_dx(op, strips.ahead, output, [&](auto write) SIMDNORM_INLINE {
      for (Index s = 0; s < strips.count; ++s) {
        const Index begin = strips.begin + s * strips.stride;
        for_rows(op.rows, begin, begin + strips.length,
                 [&](const RowPart& row) SIMDNORM_INLINE { write(gradients[row.item], row.at, row.length); });
      }
    });
  });
}

/// The same of chunks [begin, end), which are lists of runs.
template <class E>
void rows_backward_apply_runs(const RowsBackward<E>& op, Index begin, Index end,
                              const Gradients<Compute<E>>* gradients) {
  with_direct_output(op.dx, op.stream, op.far, [&](auto& output) {
    with_dx(op, Index{0}, output, [&](auto write) SIMDNORM_INLINE {
      for (Index q = begin; q < end; ++q) {
        const Index item = q / op.chunks.per_item;
        const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item);
        for (Index s = 0; s < chunk.segments; ++s) write(gradients[item], chunk.run(s).offset, chunk.run(s).length);
      }
    });
  });
}

}  // namespace
}  // namespace simdnorm
