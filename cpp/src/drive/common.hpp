// What the drivers share: how they cut, and when they write past the caches.
#pragma once

#include <algorithm>

#include "kernels/standardizers.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/parallel.hpp"

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

inline Index elements(const Rows& rows) { return rows.items * rows.segments * rows.length; }

/// Whole items to each member while that shares the work evenly; else their chunks.
inline bool share_items(const Rows& rows, const Chunks& chunks, int size) {
  return size == 1 || chunks.per_item == 1 || rows.items % size == 0 || rows.items >= 8 * size;
}

/// What the sums of an item, taken with its saved statistics, say of its dx. Corrects `sums` where means are rounded.
template <class T>
Gradients<T> gradients_of_item(GradientSums& sums, Index count, Standardizer<T> saved, const T* weight, bool rounded) {
  if (rounded) recover_mean(sums, saved, count);
  const double scale = static_cast<double>(saved.rstd) * (weight ? static_cast<double>(*weight) : 1.0);
  return {saved, projection<T>(sums, count, scale)};
}

template <class T>
Gradients<T> frozen_gradients(Standardizer<T> saved, const T* weight) {
  const double scale = static_cast<double>(saved.rstd) * (weight ? static_cast<double>(*weight) : 1.0);
  return {saved, {static_cast<T>(scale), T(0), T(0)}};
}

}  // namespace
}  // namespace simdnorm
