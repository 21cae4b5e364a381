// Rows: what a pass over a chunk sums. With n values x and a pivot near their mean:
//
//   S = sum (x - pivot)   Q = sum (x - pivot)^2
//
// or about zero, where Q = sum x^2 is all. The pivot is the mean of the chunk's first values, which as a rule lies well
// within a deviation of that of all; where it does not, Q - S^2 / n would cancel, and the chunk is summed again about
// what is known by then.
#pragma once

#include "kernels/item_lanes.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

/// The sums of x - pivot and of its square, before their horizontal sums.
template <class T>
struct SumPacks {
  Pack<T> sum, squares;
};

/// `soon` is where y follows in the last step: its lines may come now.
template <class E>
SIMDNORM_INLINE inline SumPacks<Compute<E>> sums_about(Compute<E> pivot, const E* x, const E* soon,
                                                       const Chunk& chunk) {
  using T = Compute<E>;
  const Pack<T> pivots = broadcast<T>(pivot);
  Accumulators<T> sum, squares;
  clear<T>(sum);
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E *p = x + at, *p_soon = soon + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      prefetch_to_write(p_soon + i);
      const Pack<T> d = first(load(p + i, lanes) - pivots, lanes);
      sum[slot] = sum[slot] + d;
      squares[slot] = fma(d, d, squares[slot]);
    });
  }
  return {united<T>(sum), united<T>(squares)};
}

template <class E>
SIMDNORM_INLINE inline Pack<Compute<E>> squares_about_zero(const E* x, const E* soon, const Chunk& chunk) {
  using T = Compute<E>;
  Accumulators<T> squares;
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const auto [at, length] = chunk.run(s);
    const E *p = x + at, *p_soon = soon + at;
    sweep<T>(length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      prefetch_to_write(p_soon + i);
      const Pack<T> v = load(p + i, lanes);
      squares[slot] = fma(v, v, squares[slot]);
    });
  }
  return united<T>(squares);
}

/// A chunk's first values, at most four packs, whose mean is the pivot.
template <class E>
inline Index first_count(const Chunk& chunk) {
  return smaller(chunk.run(0).length, 4 * kLanes<Compute<E>>);
}

template <class E>
SIMDNORM_INLINE inline Pack<Compute<E>> first_sum(const E* x, const Chunk& chunk) {
  using T = Compute<E>;
  const E* p = x + chunk.run(0).offset;
  Accumulators<T> sum;
  clear<T>(sum);
  sweep<T>(first_count<E>(chunk),
           [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE { sum[slot] = sum[slot] + load(p + i, lanes); });
  return united<T>(sum);
}

/// Whether the pivot lies so far from the mean that Q - S^2 / n would cancel: within half a deviation S^2 / n is at
/// most a quarter of Q. (What overflows is no number, or not below another.)
template <class T>
SIMDNORM_INLINE inline bool far_off(T sum, T squares, T n) {
  return !(T(4) * sum * sum <= n * squares);
}

/// What a pass over a chunk leaves.
template <class T>
struct ChunkSums {
  T pivot, sum, squares;
};

template <class E>
SIMDNORM_APART ChunkSums<Compute<E>> sums_again(const ChunkSums<Compute<E>>& s, const E* x, const Chunk& chunk) {
  const Compute<E> pivot = s.pivot + s.sum / static_cast<Compute<E>>(chunk.count);
  const SumPacks<Compute<E>> again = sums_about(pivot, x, x, chunk);
  return {pivot, hsum(again.sum), hsum(again.squares)};
}

template <class E>
inline ChunkSums<Compute<E>> chunk_sums(About about, const E* x, const E* soon, const Chunk& chunk) {
  using T = Compute<E>;
  if (about == About::zero) return {T(0), T(0), hsum(squares_about_zero(x, soon, chunk))};
  const T pivot = hsum(first_sum(x, chunk)) * (T(1) / static_cast<T>(first_count<E>(chunk)));
  const SumPacks<T> packs = sums_about(pivot, x, soon, chunk);
  const ChunkSums<T> s = {pivot, hsum(packs.sum), hsum(packs.squares)};
  return far_off(s.sum, s.squares, static_cast<T>(chunk.count)) ? sums_again(s, x, chunk) : s;
}

/// The same of `count` chunks side by side, the elements [0, length) of rows `stride` apart.
template <class E>
SIMDNORM_INLINE inline ChunkSumLanes<Compute<E>> chunk_sums(About about, const E* x, const E* soon, Index stride,
                                                            Index length, Index count) {
  using T = Compute<E>;
  const auto chunk = [=](Index r) { return Chunk{r * stride, 1, length, 0, 0, length}; };
  ChunkSumLanes<T> lanes;
  Pack<T> sum[kItemLanes], squares[kItemLanes];
  for (Index r = count; r < kItemLanes; ++r) sum[r] = squares[r] = broadcast<T>(T(0));
  if (about == About::zero) {
    for (Index r = 0; r < count; ++r) squares[r] = squares_about_zero(x, soon, chunk(r));
    hsums(squares, lanes.squares);
    return lanes;
  }
  for (Index r = 0; r < count; ++r) sum[r] = first_sum(x, chunk(r));
  hsums(sum, lanes.pivot);
  const T share = T(1) / static_cast<T>(first_count<E>(chunk(0))), n = static_cast<T>(length);
  for (T& pivot : lanes.pivot) pivot *= share;
  for (Index r = 0; r < count; ++r) {
    const SumPacks<T> packs = sums_about(lanes.pivot[r], x, soon, chunk(r));
    sum[r] = packs.sum;
    squares[r] = packs.squares;
  }
  hsums(sum, lanes.sum);
  hsums(squares, lanes.squares);
  int far = 0;
  SIMDNORM_SIDE_BY_SIDE
  for (Index r = 0; r < kItemLanes; ++r) far += far_off(lanes.sum[r], lanes.squares[r], n) ? 1 : 0;
  for (Index r = 0; far > 0 && r < count; ++r) {
    if (!far_off(lanes.sum[r], lanes.squares[r], n)) continue;
    const ChunkSums<T> again = sums_again({lanes.pivot[r], lanes.sum[r], lanes.squares[r]}, x, chunk(r));
    lanes.pivot[r] = again.pivot;
    lanes.sum[r] = again.sum;
    lanes.squares[r] = again.squares;
  }
  return lanes;
}

}  // namespace
}  // namespace simdnorm
