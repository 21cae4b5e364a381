// What the drivers share: how they cut, and when they write past the caches.
#pragma once

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "drive/tasks.hpp"
#include "kernels/standardizers.hpp"
#include "limits.hpp"
#include "runtime/dispatch.hpp"
#include "runtime/parallel.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

template <class E>
Index bytes_of(Index elements, int arrays) {
  return elements * arrays * static_cast<Index>(sizeof(E));
}

/// Whether an output is to be written past the caches: not into its input, and not where it would stay in them.
template <class E>
bool past_caches(const E* output, Index elements, std::initializer_list<const E*> inputs) {
  const bool in_place = std::find(inputs.begin(), inputs.end(), output) != inputs.end();
  return output && !in_place && bytes_of<E>(elements, static_cast<int>(inputs.size()) + 1) > kLimits.stream;
}

template <class E>
bool come_from_afar(Index elements, int arrays) {
  return bytes_of<E>(elements, arrays) > kLimits.far;
}

/// Whether rows `stride` elements apart stand at the same place in a cache line: then one alignment serves them all.
template <class E>
bool same_place(Index stride) {
  return stride * static_cast<Index>(sizeof(E)) % 64 == 0;
}

inline Index elements_of(const Rows& rows) { return rows.outer * rows.segments * rows.kept * rows.length; }
inline Index elements_of(const Columns& columns) { return columns.outer * columns.rows * columns.columns; }

/// Whole items to each member while that shares the work evenly; else their chunks.
inline bool share_items(Index items, Index chunks_per_item, int size) {
  return size == 1 || chunks_per_item == 1 || items % size == 0 || items >= 8 * size;
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
double weight_of(const T* weights, Index k) {
  return weights ? static_cast<double>(weights[k]) : 1.0;
}

/// What the dx of the items of group `g` needs; `first` is its first item, and k that item's place on the kept axis.
template <class E>
void fold_gradients(const KeptBackwardTask<E>& task, Index g, Index first, Index k, Index count,
                    Gradients<Compute<E>>* gradients) {
  const Standardizer<Compute<E>>& saved = task.saved[g];
  if (task.group > 1) {
    gradients_of_group(
        task.sums + first, task.group, count, saved, [&](Index i) { return weight_of(task.weight, k + i); }, gradients);
  } else {
    GradientSums none = {};
    gradients[0] =
        gradients_of(task.sums ? task.sums[first] : none, count, saved, task.pass, weight_of(task.weight, k));
  }
}

template <class E>
void clear(E* out, Index offset, Index length) {
  std::memset(static_cast<void*>(out + offset), 0, static_cast<std::size_t>(length) * sizeof(E));
}

/// Zeros where a mask says that nothing counts.
template <class E>
void clear_gaps(const Rows& rows, E* out, const Team& team) {
  if (!rows.list || !out) return;
  team.each(items_of(rows), [&](Index begin, Index end) {
    for (Index item = begin; item < end; ++item) {
      const Index list = item / rows.list->items;
      for (Index g = rows.list->gaps_begin[list]; g < rows.list->gaps_begin[list + 1]; ++g) {
        clear(out, item_offset(rows, item) + rows.list->gaps[g].offset, rows.list->gaps[g].length);
      }
    }
  });
}

template <class E>
void clear_gaps(const Columns& columns, E* out, const Team& team) {
  if (!columns.list || !out) return;
  team.each(columns.list->gaps_count, [&](Index begin, Index end) {
    for (Index g = begin; g < end; ++g) clear(out, columns.list->gaps[g] * columns.columns, columns.columns);
  });
}

}  // namespace
}  // namespace simdnorm
