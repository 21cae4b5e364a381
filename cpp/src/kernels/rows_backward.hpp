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

#include "kernels/rows_arguments.hpp"
#include "kernels/standardizers.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

/// Sums over a piece of `n` elements; gradient(i, lanes) gives g.
template <class T>
struct ChunkSums {
  Accumulators<T> dy, dy_xhat, xhat;

  ChunkSums() {
    clear<T>(dy);
    clear<T>(dy_xhat);
    clear<T>(xhat);
  }

  template <class E, class Gradient>
  SIMDNORM_INLINE void take(const E* x, Index n, const Xhat<T>& standardize, Gradient gradient) {
    sweep<T>(n, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      const Pack<T> g = gradient(i, lanes);
      const Pack<T> xh = first(standardize(load(x + i, lanes)), lanes);
      dy[slot] = dy[slot] + g;
      dy_xhat[slot] = fma(g, xh, dy_xhat[slot]);
      xhat[slot] = xhat[slot] + xh;
    });
  }

  SIMDNORM_INLINE void add_to(GradientSums& sums) const {
    add(sums.dy, total<T>(dy));
    add(sums.dy_xhat, total<T>(dy_xhat));
    add(sums.xhat, total<T>(xhat));
  }
};

template <class E>
inline void add_chunk(const RowsBackward<E>& op, const Chunk& chunk, const Standardizer<Compute<E>>& saved,
                      GradientSums& sums) {
  using T = Compute<E>;
  const Xhat<T> xhat(saved);
  ChunkSums<T> chunk_sums;
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* dy = op.dy + at;
    const E* soon = op.dx && !op.stream ? op.dx + at : dy;  // dx follows in the second pass: its lines may come now
    if (op.weight) {
      const T* weight = op.weight + chunk.position + s * op.rows.length;
      chunk_sums.take(op.x + at, length, xhat, [&](Index i, auto lanes) SIMDNORM_INLINE {
        prefetch_to_write(soon + i);
        return load(dy + i, lanes) * load(weight + i, lanes);
      });
    } else {
      chunk_sums.take(op.x + at, length, xhat, [&](Index i, auto lanes) SIMDNORM_INLINE {
        prefetch_to_write(soon + i);
        return load(dy + i, lanes);
      });
    }
  }
  chunk_sums.add_to(sums);
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

// What the drivers call. Chunks are counted through all items.

/// One standardizer for the items that share statistics.
template <class E>
void rows_backward_sums(const RowsBackward<E>& op, Index begin, Index end,
                        const Standardizer<Compute<E>>* standardizers, GradientSums* sums) {
  for (Index q = begin; q < end; ++q) {
    const Index item = q / op.chunks.per_item;
    sums[q] = {};
    add_chunk(op, chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item),
              standardizers[item / op.group], sums[q]);
  }
}

/// dx where no parameter runs along the length: the item's own is part of the projection.
template <class E>
void rows_backward_apply(const RowsBackward<E>& op, Index begin, Index end, const Gradients<Compute<E>>* gradients) {
  using T = Compute<E>;
  with_writer(op.stream, [&](auto write) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<T>(op.rows, op.chunks, item, q % op.chunks.per_item);
      const Xhat<T> xhat(gradients[item].standardizer);
      const ItemProjection<T> project(gradients[item].projection);
      const Pack<T> weight = broadcast<T>(gradients[item].projection.weight);
      for (Index s = 0; s < chunk.segments; ++s) {
        const auto [at, length] = chunk.run(s);
        const E *dy = op.dy + at, *x = op.x + at;
        E* dx = op.dx + at;
        if (op.frozen) {
          map_aligned(dx, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
            write(dx + i, project.scale * load(dy + i, lanes), lanes);
          });
        } else {
          map_aligned(dx, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
            write(dx + i, project(weight * load(dy + i, lanes), xhat(load(x + i, lanes))), lanes);
          });
        }
      }
    }
  });
}

}  // namespace
}  // namespace simdnorm
