// Rows, forward:
//
//   rstd = 1 / sqrt(m2 / n + eps)
//   y = ((x - mean) * rstd) * weight + bias
//
// An item whose squares overflow or vanish is taken again, in double.
#pragma once

#include "kernels/rare_items.hpp"
#include "kernels/rows_moments.hpp"
#include "kernels/standardizers.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

/// From the moments of an item to how it is standardized.
template <class T>
inline Standardizer<T> finish(const RowsForward<T>& op, Index item, const Moments& moments) {
  const Rows& rows = op.rows;
  const ItemValues<T> values = {op.x + item * rows.item_stride, rows.segments, rows.length, rows.segment_stride};
  return finished_or_retaken(moments, rows.segments * rows.length, op.eps, op.saved, item, values);
}

/// weight and bias at element i of a segment: along its length, or the same for the whole of it.
template <class T>
struct AffineAlong {
  const T *weight, *bias;
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> xhat, Index i, auto lanes) const {
    return fma(xhat, load(weight + i, lanes), load(bias + i, lanes));
  }
};

template <class T>
struct AffineConstant {
  Pack<T> weight, bias;
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> xhat, Index, auto) const { return fma(xhat, weight, bias); }
};

/// One segment; `ahead` of it lies what comes next.
template <class T, class Write, class XhatOf, class Affinely>
SIMDNORM_INLINE inline void normalize(const T* x, T* y, Index n, Index ahead, Write write, XhatOf xhat,
                                      Affinely affinely) {
  map_aligned<T>(y, n, [&](Index i, auto lanes) SIMDNORM_INLINE {
    prefetch(x + i, ahead);
    write(y + i, affinely(xhat(load(x + i, lanes)), i, lanes), lanes);
  });
}

/// y of one chunk.
template <class T, class Write, class XhatOf>
SIMDNORM_INLINE inline void apply_chunk(const RowsForward<T>& op, Index item, const Chunk& chunk, Write write,
                                        XhatOf xhat) {
  const Index ahead = op.rows.segments == 1 ? op.rows.item_stride : op.rows.segment_stride;
  const auto each_segment = [&](auto affinely) SIMDNORM_INLINE {
    for (Index k = 0; k < chunk.segments; ++k) {
      const Index at = chunk.offset + k * op.rows.segment_stride;
      normalize(op.x + at, op.y + at, chunk.length, ahead, write, xhat, affinely);
    }
  };
  if (op.along == Along::length && op.affine.weight) {
    const Index within = chunk.offset - item * op.rows.item_stride;  // where its piece of the single segment begins
    each_segment(AffineAlong<T>{op.affine.weight + within, op.affine.bias + within});
  } else {
    const T weight = op.affine.weight ? op.affine.weight[item] : T(1);
    const T bias = op.affine.bias ? op.affine.bias[item] : T(0);
    each_segment(AffineConstant<T>{broadcast<T>(weight), broadcast<T>(bias)});
  }
}

/// The same, once it is known how its item is standardized.
template <class T, class Write>
inline void apply_chunk(const RowsForward<T>& op, Index item, const Chunk& chunk, const Standardizer<T>& s,
                        Write write) {
  if (s.prescale == T(1)) {
    apply_chunk(op, item, chunk, write, Xhat<T>(s));
  } else {
    apply_chunk(op, item, chunk, write, PrescaledXhat<T>(s));
  }
}

constexpr Index kTogether = 512;  // elements of items that are short

// What the drivers call.

/// Items [begin, end) from x to y, each while it is in the cache. What is scalar in an item is one long chain of
/// operations: short items go together, step by step, so that their chains overlap.
template <class T>
void rows_forward(const RowsForward<T>& op, Index begin, Index end) {
  constexpr Index most = 8;
  const Index together = larger(smaller(kTogether / (op.rows.segments * op.rows.length), most), 1);
  Moments moments[most];
  Standardizer<T> standardizers[most];
  with_writer(op.stream, [&](auto write) {
    for (Index first = begin; first < end; first += together) {
      const Index count = smaller(together, end - first);
      for (Index r = 0; r < count; ++r) moments[r] = item_moments(op, first + r);
      for (Index r = 0; r < count; ++r) standardizers[r] = finish(op, first + r, moments[r]);
      for (Index r = 0; r < count; ++r) {
        for (Index q = 0; q < op.chunks.per_item; ++q) {
          apply_chunk(op, first + r, chunk_at<T>(op.rows, op.chunks, first + r, q), standardizers[r], write);
        }
      }
    }
  });
}

// The same in three parts, for items that several threads share. Chunks are counted through all items.

template <class T>
void rows_moments(const RowsForward<T>& op, Index begin, Index end, Moments* moments) {
  for (Index q = begin; q < end; ++q) {
    const Chunk chunk = chunk_at<T>(op.rows, op.chunks, q / op.chunks.per_item, q % op.chunks.per_item);
    moments[q] = chunk_moments(op.x, chunk, op.rows.segment_stride);
  }
}

template <class T>
Standardizer<T> rows_finish(const RowsForward<T>& op, Index item, const Moments* moments) {
  Moments merged = {};
  Index count = 0;
  for (Index q = 0; q < op.chunks.per_item; ++q) {
    const Chunk chunk = chunk_at<T>(op.rows, op.chunks, item, q);
    merge_chunk(merged, count, moments[item * op.chunks.per_item + q], chunk.count);
  }
  return finish(op, item, merged);
}

template <class T>
void rows_apply(const RowsForward<T>& op, Index begin, Index end, const Standardizer<T>* standardizers) {
  with_writer(op.stream, [&](auto write) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<T>(op.rows, op.chunks, item, q % op.chunks.per_item);
      apply_chunk(op, item, chunk, standardizers[item], write);
    }
  });
}

}  // namespace
}  // namespace simdnorm
