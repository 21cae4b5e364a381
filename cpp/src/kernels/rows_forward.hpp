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

/// From the moments of items that share statistics to how they are standardized.
template <class E>
inline Standardizer<Compute<E>> finish(const RowsForward<E>& op, Index g, const GrowingMoments& grown) {
  return finished_or_retaken(grown.moments, grown.count, op.about, op.eps, op.saved, g, [&](auto take) {
    for_chunks(op, g, [&](const Chunk& chunk, Index, Index) {
      for (Index s = 0; s < chunk.segments; ++s) {
        const auto [at, length] = chunk.run(s);
        for (Index i = 0; i < length; ++i) take(static_cast<double>(widened(op.x[at + i])));
      }
    });
  });
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
template <class E, class Write, class XhatOf, class Affinely>
SIMDNORM_INLINE inline void normalize(const E* x, E* y, Index n, Index ahead, Write write, XhatOf xhat,
                                      Affinely affinely) {
  map_aligned(y, n, [&](Index i, auto lanes) SIMDNORM_INLINE {
    prefetch(x + i, ahead);
    write(y + i, affinely(xhat(load(x + i, lanes)), i, lanes), lanes);
  });
}

/// y of one chunk.
template <class E, class Write, class XhatOf>
SIMDNORM_INLINE inline void apply_chunk(const RowsForward<E>& op, Index item, const Chunk& chunk, Write write,
                                        XhatOf xhat) {
  using T = Compute<E>;
  const Index ahead = op.rows.segments == 1 ? op.rows.length : chunk.stride;
  const auto each_segment = [&](auto affine_of) SIMDNORM_INLINE {
    for (Index s = 0; s < chunk.segments; ++s) {
      const auto [at, length] = chunk.run(s);
      normalize(op.x + at, op.y + at, length, ahead, write, xhat, affine_of(s));
    }
  };
  if (op.along == Along::reduced && op.affine.weight) {
    const T *weight = op.affine.weight + chunk.position, *bias = op.affine.bias + chunk.position;
    each_segment([&](Index s) SIMDNORM_INLINE {
      return AffineAlong<T>{weight + s * op.rows.length, bias + s * op.rows.length};
    });
  } else {
    const Index k = item % op.rows.kept;
    const T weight = op.affine.weight ? op.affine.weight[k] : T(1);
    const T bias = op.affine.bias ? op.affine.bias[k] : T(0);
    each_segment([&](Index) SIMDNORM_INLINE { return AffineConstant<T>{broadcast<T>(weight), broadcast<T>(bias)}; });
  }
}

/// The same, once it is known how its item is standardized.
template <class E, class Write>
inline void apply_chunk(const RowsForward<E>& op, Index item, const Chunk& chunk, const Standardizer<Compute<E>>& s,
                        Write write) {
  using T = Compute<E>;
  if (s.prescale == T(1)) {
    apply_chunk(op, item, chunk, write, Xhat<T>(s));
  } else {
    apply_chunk(op, item, chunk, write, PrescaledXhat<T>(s));
  }
}

constexpr Index kTogether = 512;  // elements of items that are short

// What the drivers call. Items that share statistics are counted as one, by `g`.

/// Items [begin, end) from x to y, each while it is in the cache. What is scalar in an item is one long chain of
/// operations: short items go together, step by step, so that their chains overlap.
template <class E>
void rows_forward(const RowsForward<E>& op, Index begin, Index end) {
  constexpr Index most = 8;
  const Index elements = op.group * op.rows.segments * op.rows.length;
  const Index together = larger(smaller(kTogether / elements, most), 1);
  GrowingMoments moments[most];
  Standardizer<Compute<E>> standardizers[most];
  with_writer(op.stream, [&](auto write) {
    for (Index g = begin; g < end; g += together) {
      const Index count = smaller(together, end - g);
      for (Index r = 0; r < count; ++r) moments[r] = group_moments(op, g + r);
      for (Index r = 0; r < count; ++r) standardizers[r] = finish(op, g + r, moments[r]);
      for (Index r = 0; r < count; ++r) {
        for_chunks(op, g + r, [&](const Chunk& chunk, Index item, Index) {
          apply_chunk(op, item, chunk, standardizers[r], write);
        });
      }
    }
  });
}

// The same in three parts, for items that several threads share. Chunks are counted through all items.

template <class E>
void rows_moments(const RowsForward<E>& op, Index begin, Index end, Moments* moments) {
  for (Index q = begin; q < end; ++q) {
    const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, q / op.chunks.per_item, q % op.chunks.per_item);
    if (chunk.count > 0) moments[q] = chunk_moments(op, chunk);
  }
}

template <class E>
Standardizer<Compute<E>> rows_finish(const RowsForward<E>& op, Index g, const Moments* moments) {
  GrowingMoments growing;
  for_chunks(op, g, [&](const Chunk& chunk, Index item, Index q) {
    growing.take(moments[item * op.chunks.per_item + q], chunk.count);
  });
  return finish(op, g, growing);
}

/// One standardizer for the items that share statistics.
template <class E>
void rows_apply(const RowsForward<E>& op, Index begin, Index end, const Standardizer<Compute<E>>* standardizers) {
  with_writer(op.stream, [&](auto write) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item);
      apply_chunk(op, item, chunk, standardizers[item / op.group], write);
    }
  });
}

}  // namespace
}  // namespace simdnorm
