// Rows: moments. With n values x of a chunk, twice over them while they are in the first cache:
//
//   pivot = sum x / n                          approximately, in T
//   S = sum (x - pivot)   Q = sum (x - pivot)^2
//   mean = pivot + S / n   m2 = Q - S^2 / n
//
// Chunks of an item are merged in their order.
#pragma once

#include "kernels/moments.hpp"
#include "kernels/rows_arguments.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class T>
inline Moments chunk_moments(const T* x, const Chunk& chunk, Index stride) {
  Accumulators<T> sum, squares;
  clear<T>(sum);
  for (Index s = 0; s < chunk.segments; ++s) {
    const T* p = x + chunk.offset + s * stride;
    sweep<T>(chunk.length,
             [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE { sum[slot] = sum[slot] + load(p + i, lanes); });
  }
  const T pivot = static_cast<T>(total<T>(sum) / static_cast<double>(chunk.count));
  const Pack<T> pivots = broadcast<T>(pivot);
  clear<T>(sum);
  clear<T>(squares);
  for (Index s = 0; s < chunk.segments; ++s) {
    const T* p = x + chunk.offset + s * stride;
    sweep<T>(chunk.length, [&](auto slot, Index i, auto lanes) SIMDNORM_INLINE {
      const Pack<T> d = first(load(p + i, lanes) - pivots, lanes);
      sum[slot] = sum[slot] + d;
      squares[slot] = fma(d, d, squares[slot]);
    });
  }
  return moments_about(static_cast<double>(pivot), total<T>(sum), total<T>(squares), chunk.count);
}

/// `count` grows from chunk to chunk; moments of the first chunk are taken as they are.
inline void merge_chunk(Moments& item, Index& count, const Moments& chunk, Index chunk_count) {
  if (count == 0) {
    item = chunk;
  } else {
    merge(item, chunk, merge_weights(count, chunk_count));
  }
  count += chunk_count;
}

template <class T>
inline Moments item_moments(const RowsForward<T>& op, Index item) {
  Moments moments = {};
  Index count = 0;
  for (Index q = 0; q < op.chunks.per_item; ++q) {
    const Chunk chunk = chunk_at<T>(op.rows, op.chunks, item, q);
    merge_chunk(moments, count, chunk_moments(op.x, chunk, op.rows.segment_stride), chunk.count);
  }
  return moments;
}

}  // namespace
}  // namespace simdnorm
