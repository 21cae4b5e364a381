// Columns, backward, with parameters along the columns, if any.
#include "drive/column_passes.hpp"
#include "drive/drive.hpp"

namespace simdnorm {

template <class E>
void drive_backward(const Columns& columns, const KeptBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Index n = columns.columns, groups = n / task.group, slab = slab_of<E>(columns);
  const ColumnArrays<T> arrays(n, slab, scratch);
  const ProjectionArrays<T> projections(n, slab, scratch);
  const bool stream = past_caches<E>(columns, task.dx, {task.dy, task.x});
  const ColumnsBackward<E> op = {
      columns, 0, task.dy, task.x, task.dx, nullptr, arrays.read(false), projections.read(), task.pass.frozen, stream};
  const BlockSums sums = task.sums ? block_sums(columns, slab, scratch) : BlockSums{};
  Gradients<T>* own = task.gradients ? nullptr : scratch.take<Gradients<T>>(slab * n);

  /// Group g of outer position `outer`, which is `o` in its slab.
  const auto fold = [&](Index outer, Index o, Index g) {
    const Index from = g * task.group, item = outer * n + from;
    for (Index c = from; task.sums && c < from + task.group; ++c) {
      task.sums[outer * n + c] = folded(sums, o, summed_blocks(columns, outer), c);
    }
    const Index count = task.group * rows_at(columns, outer);
    if (own) fold_gradients(task, outer * groups + g, item, from, count, own + o * n + from);
    const Gradients<T>* gradients = own ? own + o * n + from : task.gradients + item;
    for (Index i = 0; i < task.group; ++i) {
      arrays.set(o, from + i, gradients[i].standardizer);
      projections.set(o, from + i, gradients[i].projection);
    }
  };

  parallel(team_size(bytes_of<E>(elements_of(columns), 3)), [&](const Team& team) {
    for (Index first = 0; first < columns.outer; first += slab) {
      const Index last = smaller(first + slab, columns.outer);
      ColumnsBackward<E> mine = op;
      mine.first = first;
      if (task.sums) {
        team.each((last - first) * n, [&](Index begin, Index end) {
          for (Index c = begin; c < end; ++c) arrays.set(c / n, c % n, task.saved[(first * n + c) / task.group]);
        });
        team.wait();
        take_sums(mine, summation_grid(columns, first, last), sums, team);
        team.wait();
      }
      team.each((last - first) * groups, [&](Index begin, Index end) {
        for (Index g = begin; g < end; ++g) fold(first + g / groups, g / groups, g % groups);
      });
      team.wait();
      if (!op.dx) continue;
      const Grid map = elementwise_grid(columns, first, last);
      team.each(map.tiles(), [&](Index begin, Index end) {
        map.each(begin, end, [&](const Tile& tile, Index) { k.columns_backward_apply(mine, tile); });
      });
      if (last < columns.outer) team.wait();  // the next slab takes the arrays
    }
    clear_gaps(columns, op.dx, team);
  });
}

template void drive_backward(const Columns&, const KeptBackwardTask<float>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<double>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<float16>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
