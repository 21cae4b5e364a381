// Rows, backward. With g = dy * weight (weight along the length) or g = dy, and means over an item's n elements:
//
//   xhat    = (x - mean) * rstd
//   dx      = scale * (g - mean(g) - xhat * mean(g xhat))       scale = rstd, or rstd * weight of the item
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

  template <class Gradient>
  void take(const T* x, Index n, const Xhat<T>& standardize, Gradient gradient) {
    sweep<T>(n, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      const Pack<T> g = gradient(i, lanes);
      const Pack<T> xh = first(standardize(load(x + i, lanes)), lanes);
      dy[slot] = dy[slot] + g;
      dy_xhat[slot] = fma(g, xh, dy_xhat[slot]);
      xhat[slot] = xhat[slot] + xh;
    });
  }

  void add_to(GradientSums& sums) const {
    add(sums.dy, total<T>(dy));
    add(sums.dy_xhat, total<T>(dy_xhat));
    add(sums.xhat, total<T>(xhat));
  }
};

template <class T>
inline void add_chunk(const RowsBackward<T>& op, Index item, const Chunk& chunk, const Standardizer<T>& saved,
                      GradientSums& sums) {
  const Xhat<T> xhat(saved);
  ChunkSums<T> chunk_sums;
  for (Index s = 0; s < chunk.segments; ++s) {
    const Index at = chunk.offset + s * op.rows.segment_stride;
    const T* dy = op.dy + at;
    const T* soon = op.dx && !op.stream ? op.dx + at : dy;  // dx follows in the second pass: its lines may come now
    if (op.weight) {
      const T* weight = op.weight + (chunk.offset - item * op.rows.item_stride);
      chunk_sums.take(op.x + at, chunk.length, xhat, [&](Index i, auto lanes) SIMDNORM_INLINE {
        prefetch_to_write(soon + i);
        return load(dy + i, lanes) * load(weight + i, lanes);
      });
    } else {
      chunk_sums.take(op.x + at, chunk.length, xhat, [&](Index i, auto lanes) SIMDNORM_INLINE {
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

template <class T>
void rows_backward_sums(const RowsBackward<T>& op, Index begin, Index end, const Standardizer<T>* standardizers,
                        GradientSums* sums) {
  for (Index q = begin; q < end; ++q) {
    const Index item = q / op.chunks.per_item;
    sums[q] = {};
    add_chunk(op, item, chunk_at<T>(op.rows, op.chunks, item, q % op.chunks.per_item), standardizers[item], sums[q]);
  }
}

/// dx where no parameter runs along the length: the item's own is part of the projection's scale.
template <class T>
void rows_backward_apply(const RowsBackward<T>& op, Index begin, Index end, const Gradients<T>* gradients) {
  with_writer(op.stream, [&](auto write) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<T>(op.rows, op.chunks, item, q % op.chunks.per_item);
      const Xhat<T> xhat(gradients[item].standardizer);
      const ItemProjection<T> project(gradients[item].projection);
      for (Index s = 0; s < chunk.segments; ++s) {
        const Index at = chunk.offset + s * op.rows.segment_stride;
        const T *dy = op.dy + at, *x = op.x + at;
        T* dx = op.dx + at;
        if (op.frozen) {
          map_aligned<T>(dx, chunk.length, [&](Index i, auto lanes) SIMDNORM_INLINE {
            write(dx + i, project.scale * load(dy + i, lanes), lanes);
          });
        } else {
          map_aligned<T>(dx, chunk.length, [&](Index i, auto lanes) SIMDNORM_INLINE {
            write(dx + i, project(load(dy + i, lanes), xhat(load(x + i, lanes))), lanes);
          });
        }
      }
    }
  });
}

}  // namespace
}  // namespace simdnorm
