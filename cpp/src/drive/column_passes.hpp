// What both backward drivers of Columns do: sum a slab by blocks, fold, and turn the sums of its columns into what dx
// needs.
#pragma once

#include "drive/column_grid.hpp"

namespace simdnorm {
namespace {

/// The sums of all blocks and columns of a slab, one array a kind.
struct BlockSums {
  double* memory;
  Index blocks, columns;  // blocks of an outer position

  ColumnSums at(Index outer, Index block) const {
    double* p = memory + 6 * columns * (outer * blocks + block);
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns, p + 5 * columns};
  }
  void clear(Index outer, Index block, Index begin, Index end) const {
    double* p = memory + 6 * columns * (outer * blocks + block);
    for (int kind = 0; kind < 6; ++kind) std::fill(p + kind * columns + begin, p + kind * columns + end, 0.0);
  }
};

inline BlockSums block_sums(const Columns& columns, Index slab, Scratch& scratch) {
  const Index blocks = summation_grid(columns, 0, slab).blocks;
  return {scratch.take<double>(6 * columns.columns * blocks * slab), blocks, columns.columns};
}

/// Column c of outer position `o` of a slab.
inline GradientSums folded(const BlockSums& sums, Index o, Index blocks, Index c) {
  GradientSums total = {};
  for (Index b = 0; b < blocks; ++b) {
    const ColumnSums s = sums.at(o, b);
    add(total, {{s.dy[c], s.dy_error[c]}, {s.dy_xhat[c], s.dy_xhat_error[c]}, {s.xhat[c], s.xhat_error[c]}});
  }
  return total;
}

template <class E>
void take_sums(const ColumnsBackward<E>& op, const Grid& grid, const BlockSums& sums, const Team& team) {
  team.each(grid.tiles(), [&](Index begin, Index end) {
    grid.each(begin, end, [&](const Tile& tile, Index t) {
      sums.clear(tile.outer - op.first, grid.block(t), tile.col_begin, tile.col_end);
      kernels<E>().columns_backward_sums(op, tile, sums.at(tile.outer - op.first, grid.block(t)));
    });
  });
}

template <class T>
struct ProjectionArrays {
  Entries<T> entries;
  T *weight, *scale, *dy_mean, *dy_xhat_mean;

  ProjectionArrays(Index columns, Index outers, Scratch& scratch)
      : entries{columns, outers},
        weight(scratch.take<T>(4 * entries.all())),
        scale(weight + entries.all()),
        dy_mean(scale + entries.all()),
        dy_xhat_mean(dy_mean + entries.all()) {}
  void set(Index outer, Index c, const Projection<T>& p) const {
    entries.each(outer, c, [&](Index i) {
      weight[i] = p.weight;
      scale[i] = p.scale;
      dy_mean[i] = p.dy_mean;
      dy_xhat_mean[i] = p.dy_xhat_mean;
    });
  }
  ColumnProjections<T> read() const { return {weight, scale, dy_mean, dy_xhat_mean}; }
};

}  // namespace
}  // namespace simdnorm
