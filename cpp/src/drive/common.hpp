// What the drivers share: how they cut, and when they write past the caches.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "kernels/standardizers.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/parallel.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

constexpr Index kMostBlocks = 32;  // of rows: enough for that many threads, few enough for cheap folds

/// Rows of a block: a multiple of `unit`, by shape alone.
inline Index block_rows(Index rows, Index unit) { return unit * larger(ceil_div(rows, unit * kMostBlocks), 1); }

/// Beyond this, what a pass writes will have left the caches before it is read again.
constexpr Index kStreamBytes = Index{8} * 1024 * 1024;

template <class T>
Index bytes_of(Index elements, int arrays) {
  return elements * arrays * static_cast<Index>(sizeof(T));
}

/// Whether an output is to be written past the caches: not into its input, and not where it would stay in them.
template <class T>
bool past_caches(const T* output, Index elements, std::initializer_list<const T*> inputs) {
  const bool in_place = std::find(inputs.begin(), inputs.end(), output) != inputs.end();
  return output && !in_place && bytes_of<T>(elements, static_cast<int>(inputs.size()) + 1) > kStreamBytes;
}

/// Whether rows `stride` elements apart stand at the same place in a cache line: then one alignment serves them all.
template <class T>
bool same_place(Index stride) {
  return stride * static_cast<Index>(sizeof(T)) % 64 == 0;
}

inline Index elements(const Rows& rows) { return rows.items * rows.segments * rows.length; }

/// Whole items to each member while that shares the work evenly; else their chunks.
inline bool share_items(const Rows& rows, const Chunks& chunks, int size) {
  return size == 1 || chunks.per_item == 1 || rows.items % size == 0 || rows.items >= 8 * size;
}

/// A parameter as kernels want it: where it was not given, an array of what stands for it.
template <class T>
const T* or_constant(const T* given, T constant, Index n, Scratch& scratch) {
  if (given) return given;
  T* filled = scratch.take<T>(n);
  std::fill_n(filled, n, constant);
  return filled;
}

/// The sums of an item's chunks, in their order.
inline GradientSums folded(const GradientSums* chunks, Index count) {
  GradientSums total = {};
  for (Index q = 0; q < count; ++q) add(total, chunks[q]);
  return total;
}

template <class T>
double weight_of(const T* weights, Index item) {
  return weights ? static_cast<double>(weights[item]) : 1.0;
}

}  // namespace
}  // namespace simdnorm
