// What both backward drivers of Columns do: sum a slab by blocks, join the blocks, and turn the sums of its columns
// into what dx needs.
#pragma once

#include "drive/column_arrays.hpp"

namespace simdnorm {
namespace {

/// The sums of all blocks and columns of a slab, one array a kind.
struct BlockSums {
  double* memory = nullptr;
  Index blocks = 0, columns = 0;  // blocks of an outer position

  BlockSums() = default;
  BlockSums(const Cut& cut, Index outers, Scratch& scratch) : blocks(cut.most_blocks()), columns(cut.columns.columns) {
    memory = scratch.take<double>(6 * columns * blocks * outers);
  }
  GradientSumEntries at(Index outer, Index block) const {
    double* p = memory + 6 * columns * (outer * blocks + block);
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns, p + 5 * columns};
  }
};

template <class T>
struct ProjectionArrays {
  Entries<T> entries;
  T *weight, *scale, *dy_mean, *dy_xhat_mean;

  ProjectionArrays(const Cut& cut, Index outers, Scratch& scratch)
      : entries{cut.columns.columns, cut.width(), outers},
        weight(scratch.take<T>(4 * entries.all())),
        scale(weight + entries.all()),
        dy_mean(scale + entries.all()),
        dy_xhat_mean(dy_mean + entries.all()) {}
  void set(Index outer, Index c, const Projection<T>& p) const {
    const Index i = entries.at(outer) + c;
    weight[i] = p.weight;
    scale[i] = p.scale;
    dy_mean[i] = p.dy_mean;
    dy_xhat_mean[i] = p.dy_xhat_mean;
  }
  void repeat(Index outer, Index begin, Index end) const {
    for (T* array : {weight, scale, dy_mean, dy_xhat_mean}) entries.repeat(array, outer, begin, end);
  }
  ProjectionEntries<T> at(Index outer) const {
    const Index i = entries.at(outer);
    return {weight + i, scale + i, dy_mean + i, dy_xhat_mean + i};
  }
  ColumnProjections<T> read() const { return {weight, scale, dy_mean, dy_xhat_mean}; }
};

/// What the phases of a backward pass share, slab after slab.
template <class E>
struct BackwardWork {
  using T = Compute<E>;
  Cut cut;
  ColumnArrays<T> arrays;
  ProjectionArrays<T> projections;
  BlockSums blocks;

  BackwardWork(const Cut& cut_, Index outers, bool sums, Scratch& scratch)
      : cut(cut_),
        arrays(cut, outers, scratch),
        projections(cut, outers, scratch),
        blocks(sums ? BlockSums(cut, outers, scratch) : BlockSums()) {}

  void take_sums(const ColumnsBackward<E>& op, const Slab& slab, const Team& team) const {
    const Grid grid = cut.sums(slab, team.size());
    team.each(grid.tiles(), [&](Index begin, Index end) {
      grid.each(begin, end, [&](const Tile& tile, Index t) {
        kernels<E>().columns_backward_sums(op, tile, blocks.at(tile.outer - op.first, grid.block(t)));
      });
    });
  }

  /// All blocks of columns [begin, end) of outer position `first + o`, joined in their order.
  GradientSumEntries joined(Index first, Index o, Index begin, Index end) const {
    const GradientSumEntries all = blocks.at(o, 0);
    const Index rows = rows_at(cut.columns, first + o), height = cut.block_height(first + o);
    for (Index c = begin; rows == 0 && c < end; ++c) all.set(c, {});
    for (Index done = height; done < rows; done += height) {
      kernels<E>().join_sums(all, blocks.at(o, done / height), begin, end);
    }
    return all;
  }

  /// What dx needs of columns that have their statistics for themselves, as joined() gave their sums.
  void project(const GradientSumEntries& sums, Index o, Index begin, Index end, Index count, const Backward& pass,
               const T* weight) const {
    kernels<E>().project(sums, begin, end, count, pass, weight, arrays.at(o), projections.at(o));
    repeat(o, begin, end);
  }

  void repeat(Index o, Index begin, Index end) const {
    arrays.repeat(o, begin, end);
    projections.repeat(o, begin, end);
  }
};

}  // namespace
}  // namespace simdnorm
