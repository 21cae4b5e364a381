// Rows, forward:
//
//   rstd = 1 / sqrt(m2 / n + eps)
//   y = ((x - mean) * rstd) * weight + bias
//
// An item whose squares overflow or vanish is taken again, in double.
#pragma once

#include "kernels/rows_together.hpp"

namespace simdnorm {
namespace {

/// y of one chunk.
template <class E, class Write, class XhatOf>
SIMDNORM_INLINE inline void apply_chunk(const RowsForward<E>& op, Index item, const Chunk& chunk, Write write,
                                        XhatOf xhat) {
  const Index ahead = op.rows.segments == 1 ? op.rows.length : chunk.stride;
  with_affine(op, item, chunk.position, [&](auto affine) SIMDNORM_INLINE {
    for (Index s = 0; s < chunk.segments; ++s) {
      const auto [at, length] = chunk.run(s);
      const E* x = op.x + at;
      E* y = op.y + at;
      const Index position = s * op.rows.length;
      map_aligned(y, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
        prefetch(x + i, ahead);
        write(y + i, affine(position + i, lanes)(xhat(load(x + i, lanes))), lanes);
      });
    }
  });
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

// What the drivers call. Items that share statistics are counted as one, by `g`.

/// Items [begin, end) from x to y, each while it is in the cache.
template <class E>
void rows_forward(const RowsForward<E>& op, Index begin, Index end) {
  if (are_plain(op)) return plain_rows_forward(op, begin, end);
  with_writer(op.stream && sizeof(E) > 2, [&](auto write) {
    for (Index g = begin; g < end; ++g) {
      const Standardizer<Compute<E>> s = finish(op, g, group_moments(op, g));
      for_chunks(op, g, [&](const Chunk& chunk, Index item, Index) { apply_chunk(op, item, chunk, s, write); });
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
  with_writer(op.stream && sizeof(E) > 2, [&](auto write) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item);
      apply_chunk(op, item, chunk, standardizers[item / op.group], write);
    }
  });
}

}  // namespace
}  // namespace simdnorm
