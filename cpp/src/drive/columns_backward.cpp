#include "drive/column_grid.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// The sums of all blocks and columns, one array a kind.
struct BlockSums {
  double* memory;
  Index columns;

  ColumnSums at(Index block) const {
    double* p = memory + 6 * columns * block;
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns, p + 5 * columns};
  }
};

GradientSums fold(const BlockSums& blocks, Index count, Index c) {
  GradientSums total = {};
  for (Index b = 0; b < count; ++b) {
    const ColumnSums s = blocks.at(b);
    add(total, {{s.dy[c], s.dy_error[c]}, {s.dy_xhat[c], s.dy_xhat_error[c]}, {s.xhat[c], s.xhat_error[c]}});
  }
  return total;
}

template <class T>
struct ProjectionArrays {
  T *scale, *dy_mean, *dy_xhat_mean;

  ProjectionArrays(Index columns, Scratch& scratch)
      : scale(scratch.take<T>(3 * columns)), dy_mean(scale + columns), dy_xhat_mean(dy_mean + columns) {}
  void set(Index c, const Projection<T>& p) const {
    scale[c] = p.scale;
    dy_mean[c] = p.dy_mean;
    dy_xhat_mean[c] = p.dy_xhat_mean;
  }
};

}  // namespace

template <class T>
void drive_backward(const Columns& columns, const BackwardTask<T>& task, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const Index n = columns.columns;
  const ColumnArrays<T> arrays(n, scratch);
  const ProjectionArrays<T> projections(n, scratch);
  const ColumnsBackward<T> op = {columns,
                                 task.dy,
                                 task.x,
                                 task.dx,
                                 arrays.read(false),
                                 {projections.scale, projections.dy_mean, projections.dy_xhat_mean},
                                 task.frozen,
                                 same_place<T>(n) && past_caches<T>(task.dx, columns.rows * n, {task.dy, task.x})};
  const Grid sums = summation_grid(columns), map = elementwise_grid(columns);
  BlockSums blocks = {nullptr, n};
  if (task.sums) {
    blocks.memory = scratch.take<double>(6 * n * sums.blocks);
    std::fill_n(blocks.memory, 6 * n * sums.blocks, 0.0);
    for (Index c = 0; c < n; ++c) arrays.set(c, task.saved[c]);
  }

  const auto gradients = [&](Index c) {
    if (task.gradients) return task.gradients[c];
    const double weight = weight_of(task.weight, c);
    return task.frozen ? frozen_gradients(task.saved[c], weight)
                       : gradients_of(task.sums[c], columns.rows, task.saved[c], weight, task.rounded);
  };
  parallel(team_size(bytes_of<T>(columns.rows * n, 3)), [&](const Team& team) {
    if (task.sums) {
      team.each(sums.tiles(), [&](Index begin, Index end) {
        for (Index t = begin; t < end; ++t) k.columns_backward_sums(op, sums.tile(t), blocks.at(t / sums.stripes));
      });
      team.wait();
    }
    team.each(n, [&](Index begin, Index end) {
      for (Index c = begin; c < end; ++c) {
        if (task.sums) task.sums[c] = fold(blocks, sums.blocks, c);
        const Gradients<T> g = gradients(c);
        arrays.set(c, g.standardizer);
        projections.set(c, g.projection);
      }
    });
    team.wait();
    if (!op.dx) return;
    team.each(map.tiles(), [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) k.columns_backward_apply(op, map.tile(t));
    });
  });
}

template void drive_backward(const Columns&, const BackwardTask<float>&, Scratch&);
template void drive_backward(const Columns&, const BackwardTask<double>&, Scratch&);

}  // namespace simdnorm
