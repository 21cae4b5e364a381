// Columns, forward: from the moments of blocks to how columns are standardized.
#pragma once

#include <atomic>

#include "drive/column_arrays.hpp"
#include "drive/tasks.hpp"
#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

/// Moments per block and column of a slab.
struct BlockMoments {
  double* memory;
  Index blocks, columns;  // blocks of an outer position

  BlockMoments(const Cut& cut, Index outers, Scratch& scratch)
      : blocks(cut.most_blocks()), columns(cut.columns.columns) {
    memory = scratch.take<double>(5 * columns * blocks * outers);
  }
  MomentEntries at(Index outer, Index block) const {
    double* p = memory + 5 * columns * (outer * blocks + block);
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns};
  }
};

/// What the phases of a forward pass share, slab after slab.
template <class E>
struct ForwardWork {
  using T = Compute<E>;
  const Cut& cut;
  const ForwardTask<E>& task;
  ColumnArrays<T> arrays;
  BlockMoments blocks;
  std::atomic<bool>& prescaled;

  /// All blocks of columns [begin, end) of outer position `first + o`, joined in their order.
  MomentEntries joined(Index first, Index o, Index begin, Index end) const {
    const MomentEntries all = blocks.at(o, 0);
    const Index rows = rows_at(cut.columns, first + o), height = cut.block_height(first + o);
    for (Index c = begin; rows == 0 && c < end; ++c) all.set(c, {});
    for (Index done = height; done < rows; done += height) {
      kernels<E>().join_moments(all, blocks.at(o, done / height), begin, end, done, smaller(height, rows - done));
    }
    return all;
  }

  /// Columns [begin, end) of outer position `first + o`: whole groups.
  void standardize(Index first, Index o, Index begin, Index end) const {
    const MomentEntries moments = joined(first, o, begin, end);
    if (task.group > 1) {
      for (Index c = begin; c < end; c += task.group) standardize_group(moments, first, o, c);
    } else {
      standardize_each(moments, first, o, begin, end);
    }
    arrays.repeat(o, begin, end);
  }

  void standardize_group(const MomentEntries& moments, Index first, Index o, Index begin) const {
    const Index n = cut.columns.columns, end = begin + task.group;
    GrowingMoments grown;
    for (Index c = begin; c < end; ++c) grown.take(moments.at(c), rows_at(cut.columns, first + o));
    const Standardizer<T> s =
        finish(grown.moments, grown.count, first + o, begin, end, ((first + o) * n + begin) / task.group);
    for (Index c = begin; c < end; ++c) arrays.set(o, c, s);
  }

  void standardize_each(const MomentEntries& moments, Index first, Index o, Index begin, Index end) const {
    const Index count = larger(rows_at(cut.columns, first + o), 1), item = (first + o) * cut.columns.columns;
    const StandardizerEntries<T> to = arrays.at(o);
    arrays.set_ordinary(o, begin, end);
    const Index rare = kernels<E>().standardize(moments, begin, end, count, task.eps, to);
    if (task.saved.mean) std::copy(to.mean + begin, to.mean + end, task.saved.mean + item + begin);
    if (task.saved.rstd) std::copy(to.rstd + begin, to.rstd + end, task.saved.rstd + item + begin);
    for (Index c = begin; task.saved.statistics && c < end; ++c) {
      task.saved.statistics[item + c] = {mean_of<double>(moments.at(c)).high, value(moments.at(c).m2)};
    }
    for (Index c = begin; rare > 0 && c < end; ++c) {
      if (ordinary<T>(moments.at(c), count, task.eps)) continue;
      arrays.set(o, c, finish(moments.at(c), count, first + o, c, c + 1, item + c));
    }
  }

  /// From the moments of columns [begin, end) of an outer position, group `g` of all, to how they are standardized.
  Standardizer<T> finish(const Moments& moments, Index count, Index outer, Index begin, Index end, Index g) const {
    const Standardizer<T> s = finished_or_retaken(moments, count, task.about, task.eps, task.saved, g, [&](auto take) {
      const Lines at(cut.columns, outer);
      for (Index r = 0; r < rows_at(cut.columns, outer); ++r) {
        for (Index c = begin; c < end; ++c) take(static_cast<double>(widened(task.x[at(r) + c])));
      }
    });
    if (s.prescale != T(1)) prescaled = true;
    return s;
  }
};

}  // namespace
}  // namespace simdnorm
