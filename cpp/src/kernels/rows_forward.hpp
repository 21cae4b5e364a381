// Rows, forward:
//
//   rstd = 1 / sqrt(m2 / n + eps)
//   y = ((x - mean) * rstd) * weight + bias
//
// An item whose squares overflow or vanish is taken again, in double.
#pragma once

#include "kernels/rows_moments.hpp"
#include "kernels/standardizers.hpp"

namespace simdnorm {
namespace {

/// From the moments of an item to how it is standardized.
template <class T>
inline Standardizer<T> finish(const RowsForward<T>& op, Index item, const Moments& moments) {
  const Rows& rows = op.rows;
  const Index count = rows.segments * rows.length;
  if (ordinary<T>(moments, count, op.eps)) return finished(moments, count, op.eps, 1.0, op.saved, item);
  const T* x = op.x + item * rows.item_stride;
  const PrescaledMoments again = retaken(moments, x, rows.segments, rows.length, rows.segment_stride);
  return finished(again.moments, count, op.eps, again.prescale, op.saved, item);
}

// xhat of x as it is; or of x times the prescale of rare items, where rstd comes in two pieces.

template <class T>
struct AsIs {
  Pack<T> operator()(Pack<T> x) const { return x; }
  Pack<T> standardize(Pack<T> d, Pack<T> rstd, Pack<T> shift) const { return fma(d, rstd, shift); }
};

template <class T>
struct Prescaled {
  Pack<T> scale, rstd_low;
  Prescaled(T prescale, T low) : scale(broadcast<T>(prescale)), rstd_low(broadcast<T>(low)) {}
  Pack<T> operator()(Pack<T> x) const { return x * scale; }
  Pack<T> standardize(Pack<T> d, Pack<T> rstd, Pack<T> shift) const { return fma(d, rstd, fma(d, rstd_low, shift)); }
};

/// xhat = (x * prescale - mean) * rstd + shift, on packs.
template <class T, class Scale>
struct Standardize {
  Scale scale;
  Pack<T> mean, rstd, shift;
  Pack<T> operator()(Pack<T> x) const { return scale.standardize(scale(x) - mean, rstd, shift); }
};

template <class T, class Scale>
inline Standardize<T, Scale> standardize(const Standardizer<T>& s, Scale scale) {
  return {scale, broadcast<T>(s.mean), broadcast<T>(s.rstd), broadcast<T>(s.shift)};
}

/// weight and bias at element i of a segment: along its length, or the same for the whole of it.
template <class T>
struct AffineAlong {
  const T *weight, *bias;
  Pack<T> operator()(Pack<T> xhat, Index i, auto lanes) const {
    return fma(xhat, load(weight + i, lanes), load(bias + i, lanes));
  }
};

template <class T>
struct AffineConstant {
  Pack<T> weight, bias;
  Pack<T> operator()(Pack<T> xhat, Index, auto) const { return fma(xhat, weight, bias); }
};

template <class T, class Xhat, class Affinely>
inline void normalize(const T* x, T* y, Index n, Index ahead, bool streamed, Xhat xhat, Affinely affinely) {
  const auto value = [&](Index i, auto lanes) SIMDNORM_INLINE {
    prefetch(x + i, ahead);
    return affinely(xhat(load(x + i, lanes)), i, lanes);
  };
  if (streamed) {
    map_aligned<T>(y, n, [&](Index i, auto lanes) SIMDNORM_INLINE { write_past(y + i, value(i, lanes), lanes); });
  } else {
    map_aligned<T>(y, n, [&](Index i, auto lanes) SIMDNORM_INLINE { store(y + i, value(i, lanes), lanes); });
  }
}

/// y of one chunk, once it is known how its item is standardized.
template <class T, class Scale>
inline void apply_chunk(const RowsForward<T>& op, Index item, const Chunk& chunk, const Standardizer<T>& s,
                        Scale scale) {
  const auto xhat = standardize(s, scale);
  const Index within = chunk.offset - item * op.rows.item_stride;  // of a single segment: where its piece begins
  for (Index k = 0; k < chunk.segments; ++k) {
    const Index at = chunk.offset + k * op.rows.segment_stride;
    if (op.along == Along::length && op.affine.weight) {
      normalize(op.x + at, op.y + at, chunk.length, op.rows.segments == 1 ? op.rows.item_stride : Index{0}, op.stream,
                xhat, AffineAlong<T>{op.affine.weight + within, op.affine.bias + within});
    } else {
      const T weight = op.affine.weight ? op.affine.weight[item] : T(1);
      const T bias = op.affine.bias ? op.affine.bias[item] : T(0);
      normalize(op.x + at, op.y + at, chunk.length, op.rows.segments == 1 ? op.rows.item_stride : Index{0}, op.stream,
                xhat, AffineConstant<T>{broadcast<T>(weight), broadcast<T>(bias)});
    }
  }
}

template <class T>
inline void apply_chunk(const RowsForward<T>& op, Index item, const Chunk& chunk, const Standardizer<T>& s) {
  if (s.prescale == T(1)) {
    apply_chunk(op, item, chunk, s, AsIs<T>{});
  } else {
    apply_chunk(op, item, chunk, s, Prescaled<T>(s.prescale, s.rstd_low));
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
  for (Index first = begin; first < end; first += together) {
    const Index count = smaller(together, end - first);
    for (Index r = 0; r < count; ++r) moments[r] = item_moments(op, first + r);
    for (Index r = 0; r < count; ++r) standardizers[r] = finish(op, first + r, moments[r]);
    for (Index r = 0; r < count; ++r) {
      for (Index q = 0; q < op.chunks.per_item; ++q) {
        apply_chunk(op, first + r, chunk_at<T>(op.rows, op.chunks, first + r, q), standardizers[r]);
      }
    }
  }
  if (op.stream) stream_fence();
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
  for (Index q = begin; q < end; ++q) {
    const Index item = q / op.chunks.per_item;
    apply_chunk(op, item, chunk_at<T>(op.rows, op.chunks, item, q % op.chunks.per_item), standardizers[item]);
  }
  if (op.stream) stream_fence();
}

}  // namespace
}  // namespace simdnorm
