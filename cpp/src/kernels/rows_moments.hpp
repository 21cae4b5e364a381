// Rows: moments. With n values x of a chunk, twice over them while they are in the first cache:
//
//   pivot = sum x / n                          approximately, in T
//   S = sum (x - pivot)   Q = sum (x - pivot)^2
//   mean = pivot + S / n   m2 = Q - S^2 / n
//
// or about zero, where Q = sum x^2 is all. Chunks of an item, and the items of a group, are merged in their order.
#pragma once

#include "kernels/moments.hpp"
#include "kernels/rows_arguments.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class E>
SIMDNORM_INLINE inline Moments moments_about_mean(const E* x, const Chunk& chunk) {
  using T = Compute<E>;
  Accumulators<T> sum, squares;
  clear<T>(sum);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* p = x + at;
    sweep<T>(length,
             [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE { sum[slot] = sum[slot] + load(p + i, lanes); });
  }
  const T pivot = static_cast<T>(total<T>(sum) / static_cast<double>(chunk.count));
  const Pack<T> pivots = broadcast<T>(pivot);
  clear<T>(sum);
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* p = x + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      const Pack<T> d = first(load(p + i, lanes) - pivots, lanes);
      sum[slot] = sum[slot] + d;
      squares[slot] = fma(d, d, squares[slot]);
    });
  }
  return moments_about(static_cast<double>(pivot), total<T>(sum), total<T>(squares), chunk.count);
}

template <class E>
inline Moments moments_about_zero(const E* x, const Chunk& chunk) {
  using T = Compute<E>;
  Accumulators<T> squares;
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E* p = x + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      const Pack<T> v = load(p + i, lanes);
      squares[slot] = fma(v, v, squares[slot]);
    });
  }
  return moments_about(0.0, 0.0, total<T>(squares), chunk.count);
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

template <class E>
inline Moments chunk_moments(const RowsForward<E>& op, const Chunk& chunk) {
  if (op.residual.summed) add_residual(op.residual, chunk);
  return op.about == About::mean ? moments_about_mean(op.x, chunk) : moments_about_zero(op.x, chunk);
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
inline GrowingMoments group_moments(const RowsForward<E>& op, Index g) {
  GrowingMoments growing;
  for_chunks(op, g, [&](const Chunk& chunk, Index, Index) {
    if (chunk.count > 0) growing.take(chunk_moments(op, chunk), chunk.count);
  });
  return growing;
}

}  // namespace
}  // namespace simdnorm
