#include <atomic>

#include "drive/column_grid.hpp"
#include "drive/drive.hpp"
#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

template <class T>
ColumnsForward<T> operands(const Columns& columns, const ForwardTask<T>& task, const ColumnArrays<T>& arrays,
                           Scratch& scratch) {
  const Index n = columns.columns;
  const bool stream = same_place<T>(n) && past_caches<T>(task.y, columns.rows * n, {task.x});
  return {columns,
          task.x,
          task.y,
          or_constant(task.weight, T(1), n, scratch),
          or_constant(task.bias, T(0), n, scratch),
          arrays.read(false),
          stream};
}

/// Moments per block and column.
struct BlockMoments {
  double* memory;
  Index columns;

  ColumnMoments at(Index block) const {
    double* p = memory + 5 * columns * block;
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns};
  }
};

Moments moments_at(const ColumnMoments& m, Index c) {
  return {m.pivot[c], {m.offset[c], m.offset_error[c]}, {m.m2[c], m.m2_error[c]}};
}

/// All blocks of a column, in order.
Moments fold(const BlockMoments& blocks, const Grid& grid, Index c) {
  Moments moments = moments_at(blocks.at(0), c);
  for (Index b = 1; b < grid.blocks; ++b) {
    const Index done = b * grid.rows, rows = smaller(grid.rows, grid.columns.rows - done);
    merge(moments, moments_at(blocks.at(b), c), merge_weights(done, rows));
  }
  return moments;
}

/// From the moments of a column to how it is standardized.
template <class T>
Standardizer<T> finish(const Columns& columns, const ForwardTask<T>& task, Index c, const Moments& moments) {
  return finished_or_retaken(moments, columns.rows, task.eps, task.saved, c,
                             ItemValues<T>{task.x + c, columns.rows, 1, columns.columns});
}

}  // namespace

template <class T>
void drive_forward(const Columns& columns, const ForwardTask<T>& task, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const ColumnArrays<T> arrays(columns.columns, scratch);
  const ColumnsForward<T> op = operands(columns, task, arrays, scratch);
  const Grid sums = summation_grid(columns), map = elementwise_grid(columns);
  const BlockMoments blocks = {scratch.take<double>(5 * columns.columns * sums.blocks), columns.columns};
  std::atomic<bool> prescaled{false};
  parallel(team_size(bytes_of<T>(columns.rows * columns.columns, 2)), [&](const Team& team) {
    team.each(sums.tiles(), [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) k.columns_moments(op, sums.tile(t), blocks.at(t / sums.stripes));
    });
    team.wait();
    team.each(columns.columns, [&](Index begin, Index end) {
      for (Index c = begin; c < end; ++c) {
        const Standardizer<T> s = finish(columns, task, c, fold(blocks, sums, c));
        if (s.prescale != T(1)) prescaled = true;
        arrays.set(c, s);
      }
    });
    team.wait();
    if (!task.y) return;
    ColumnsForward<T> apply = op;
    apply.standardizers = arrays.read(prescaled);
    team.each(map.tiles(), [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) k.columns_apply(apply, map.tile(t));
    });
  });
}

template <class T>
void drive_apply(const Columns& columns, const ForwardTask<T>& task, const Standardizer<T>* given, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const ColumnArrays<T> arrays(columns.columns, scratch);
  for (Index c = 0; c < columns.columns; ++c) arrays.set(c, given[c]);
  const ColumnsForward<T> op = operands(columns, task, arrays, scratch);
  const Grid map = elementwise_grid(columns);
  parallel(team_size(bytes_of<T>(columns.rows * columns.columns, 2)), [&](const Team& team) {
    team.each(map.tiles(), [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) k.columns_apply(op, map.tile(t));
    });
  });
}

#define SIMDNORM_INSTANTIATE(T)                                                 \
  template void drive_forward(const Columns&, const ForwardTask<T>&, Scratch&); \
  template void drive_apply(const Columns&, const ForwardTask<T>&, const Standardizer<T>*, Scratch&);
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
