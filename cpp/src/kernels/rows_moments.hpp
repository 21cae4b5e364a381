// Rows: moments. With n values x of a chunk, and a pivot near their mean:
//
//   S = sum (x - pivot)   Q = sum (x - pivot)^2
//   mean = pivot + S / n   m2 = Q - S^2 / n
//
// or about zero, where Q = sum x^2 is all. The pivot is the mean of the chunk's first values, which as a rule lies well
// within a deviation of that of all; where it does not, Q - S^2 / n would cancel, and the chunk is summed again about
// what is known by then. Chunks of an item, and the items of a group, are merged in their order.
#pragma once

#include "kernels/item_lanes.hpp"
#include "kernels/rows_arguments.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

/// `soon` is where y follows in the last step: its lines may come now.
template <class E, class Y>
SIMDNORM_INLINE inline ChunkSums<Compute<E>> sums_about(Compute<E> pivot, const E* x, const Y* soon,
                                                        const Chunk& chunk) {
  using T = Compute<E>;
  const Pack<T> pivots = broadcast<T>(pivot);
  Accumulators<T> sum, squares;
  clear<T>(sum);
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* p = x + at;
    const Y* p_soon = soon + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      prefetch_to_write(p_soon + i);
      const Pack<T> d = first(load(p + i, lanes) - pivots, lanes);
      sum[slot] = sum[slot] + d;
      squares[slot] = fma(d, d, squares[slot]);
    });
  }
  return {pivot, total<T>(sum), total<T>(squares)};
}

/// The same where it is seldom needed.
template <class E>
SIMDNORM_APART ChunkSums<Compute<E>> sums_again(Compute<E> pivot, const E* x, const Chunk& chunk) {
  return sums_about(pivot, x, x, chunk);
}

/// The mean of a chunk's first values, at most four packs.
template <class E>
SIMDNORM_INLINE inline Compute<E> first_mean(const E* x, const Chunk& chunk) {
  using T = Compute<E>;
  const auto [at, length] = chunk.run(0);
  const Index n = smaller(length, 4 * kLanes<T>);
  const E* p = x + at;
  Accumulators<T> sum;
  clear<T>(sum);
  sweep<T>(n, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE { sum[slot] = sum[slot] + load(p + i, lanes); });
  return total<T>(sum) * (T(1) / static_cast<T>(n));
}

template <class E, class Y>
SIMDNORM_INLINE inline ChunkSums<Compute<E>> sums_about_mean(const E* x, const Y* soon, const Chunk& chunk) {
  using T = Compute<E>;
  const ChunkSums<T> s = sums_about(first_mean(x, chunk), x, soon, chunk);
  // Within half a deviation S^2 / n is at most a quarter of Q. (What overflows is no number, or not below another.)
  const T n = static_cast<T>(chunk.count);
  if (T(4) * s.sum * s.sum <= n * s.squares) [[likely]]
    return s;
  return sums_again(s.pivot + s.sum / n, x, chunk);
}

template <class E, class Y>
SIMDNORM_INLINE inline ChunkSums<Compute<E>> sums_about_zero(const E* x, const Y* soon, const Chunk& chunk) {
  using T = Compute<E>;
  Accumulators<T> squares;
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* p = x + at;
    const Y* p_soon = soon + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      prefetch_to_write(p_soon + i);
      const Pack<T> v = load(p + i, lanes);
      squares[slot] = fma(v, v, squares[slot]);
    });
  }
  return {T(0), T(0), total<T>(squares)};
}

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

template <class E, class Y>
SIMDNORM_INLINE inline ChunkSums<Compute<E>> chunk_sums(About about, const E* x, const Y* soon, const Chunk& chunk) {
  return about == About::mean ? sums_about_mean(x, soon, chunk) : sums_about_zero(x, soon, chunk);
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

}  // namespace
}  // namespace simdnorm
