// Rows, backward, with parameters along the kept axis, if any.
#include "drive/common.hpp"
#include "drive/drive.hpp"
#include "drive/row_slabs.hpp"

namespace simdnorm {

template <class E>
void drive_backward(const Rows& rows, const KeptBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const bool stream = past_caches<E>(task.dx, elements_of(rows), {task.dy, task.x});
  const RowsBackward<E> op = {rows,
                              chunks_of<T>(rows),
                              task.group,
                              task.dy,
                              task.x,
                              nullptr,
                              task.dx,
                              nullptr,
                              task.pass.about,
                              task.pass.frozen,
                              stream,
                              come_from_afar<E>(elements_of(rows), 3)};
  const Index per_item = op.chunks.per_item, items = items_of(rows), groups = items / task.group;
  const Index chunks = task.group * per_item;  // of a group
  const int size = team_size(bytes_of<E>(elements_of(rows), 3));
  const bool whole_items = share_items(groups, chunks, size);
  const Slabs slabs = slabs_of<E>(rows, task.group, 2);
  const Index most = (whole_items ? smaller(slabs.groups, groups) : groups) * chunks;
  GradientSums* partial = task.sums ? scratch.take<GradientSums>(whole_items ? most * size : most) : nullptr;
  Gradients<T>* own = task.gradients ? nullptr : scratch.take<Gradients<T>>(items);
  const Gradients<T>* gradients = task.gradients ? task.gradients : own;

  // Of groups [begin, end), from the sums of their chunks on.
  const auto fold = [&](Index begin, Index end, const GradientSums* sums) {
    for (Index g = begin; g < end; ++g) {
      const Index first = g * task.group;
      Index count = 0;
      for (Index item = first; item < first + task.group; ++item) {
        if (task.sums) task.sums[item] = folded(sums + (item - begin * task.group) * per_item, per_item);
        count += count_of(rows, item);
      }
      if (own) fold_gradients(task, g, first, first % rows.kept, count, own + first);
    }
  };
  const auto to_dx = last_pass<E>(
      rows, chunks, [&](const Strips& strips) { k.rows_backward_apply(op, strips, gradients); },
      [&](Index begin, Index end) { k.rows_backward_apply_runs(op, begin, end, gradients); });
  parallel(size, [&](const Team& team) {
    clear_gaps(rows, op.dx, team);
    if (whole_items) {
      GradientSums* mine = partial ? partial + most * team.rank() : nullptr;
      team.each(groups, [&](Index begin, Index end) {
        slabs.each(begin, end, [&](Index first, Index last) {
          if (mine) k.rows_backward_sums(op, first * chunks, last * chunks, task.saved, mine);
          fold(first, last, mine);
          if (op.dx) to_dx.over(slabs, first, last);
        });
      });
      return;
    }
    if (partial) {
      team.each(groups * chunks,
                [&](Index begin, Index end) { k.rows_backward_sums(op, begin, end, task.saved, partial + begin); });
      team.wait();
    }
    team.each(groups, [&](Index begin, Index end) { fold(begin, end, partial ? partial + begin * chunks : nullptr); });
    team.wait();
    if (op.dx) to_dx.over(team, groups);
  });
}

template void drive_backward(const Rows&, const KeptBackwardTask<float>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<double>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<float16>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
