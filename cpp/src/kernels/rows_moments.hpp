// Rows: from what chunks sum to how an item is standardized.
//
//   mean = pivot + S / n   m2 = Q - S^2 / n
//
// Chunks of an item, and the items of a group, are merged in their order. An item whose squares overflow or vanish is
// taken again, in double.
#pragma once

#include "kernels/rows_arguments.hpp"
#include "kernels/rows_sums.hpp"

namespace simdnorm {
namespace {

/// summed = x + residual, rounded to E.
template <class E>
inline void add_residual(const Residual<E>& add, const Chunk& chunk) {
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E *x = add.x + at, *residual = add.residual + at;
    E* summed = add.summed + at;
    map_aligned(summed, length, [&](Index i, auto lanes) SIMDNORM_INLINE {
      store(summed + i, load(x + i, lanes) + load(residual + i, lanes), lanes);
    });
  }
}

template <class E>
inline Moments chunk_moments(const RowsForward<E>& op, const Chunk& chunk) {
  if (op.residual.summed) add_residual(op.residual, chunk);
  const E* soon = op.y && !op.stream ? op.y : op.x;
  const ChunkSums<Compute<E>> s = chunk_sums(op.about, op.x, soon, chunk);
  return moments_about(static_cast<double>(s.pivot), static_cast<double>(s.sum), static_cast<double>(s.squares),
                       chunk.count);
}

/// visit(chunk, item, q) for all chunks of the items that share statistics `g`.
template <class E, class Visit>
SIMDNORM_INLINE inline void for_chunks(const RowsForward<E>& op, Index g, Visit visit) {
  for (Index item = g * op.group; item < (g + 1) * op.group; ++item) {
    for (Index q = 0; q < op.chunks.per_item; ++q) {
      visit(chunk_at<Compute<E>>(op.rows, op.chunks, item, q), item, q);
    }
  }
}

template <class E>
inline GrowingMoments row_moments(const RowsForward<E>& op, Index item) {
  GrowingMoments growing;
  for (Index q = 0; q < op.chunks.per_item; ++q) {
    const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q);
    growing.take(chunk_moments(op, chunk), chunk.count);
  }
  return growing;
}

/// From the moments of items that share statistics to how they are standardized.
template <class E>
SIMDNORM_APART Standardizer<Compute<E>> finish(const RowsForward<E>& op, Index g, const GrowingMoments& grown) {
  return finished_or_retaken(grown.moments, grown.count, op.about, op.eps, op.saved, g, [&](auto take) {
    for_chunks(op, g, [&](const Chunk& chunk, Index, Index) {
      for (Index s = 0; s < chunk.segments; ++s) {
        const auto [at, length] = chunk.run(s);
        for (Index i = 0; i < length; ++i) take(static_cast<double>(widened(op.x[at + i])));
      }
    });
  });
}

}  // namespace
}  // namespace simdnorm
