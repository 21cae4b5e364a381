// Rows, backward, with parameters along the kept axis, if any.
#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {

template <class E>
void drive_backward(const Rows& rows, const KeptBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const bool stream = past_caches<E>(task.dx, elements_of(rows), {task.dy, task.x});
  const RowsBackward<E> op = {rows,    chunks_of<T>(rows), task.group,       task.dy, task.x, nullptr, task.dx,
                              nullptr, task.pass.about,    task.pass.frozen, stream,  stream};
  const Index per_item = op.chunks.per_item, items = items_of(rows), groups = items / task.group;
  Gradients<T>* own = task.gradients ? nullptr : scratch.take<Gradients<T>>(items);
  const Gradients<T>* gradients = task.gradients ? task.gradients : own;
  GradientSums* partial = task.sums ? scratch.take<GradientSums>(items * per_item) : nullptr;
  const int size = team_size(bytes_of<E>(elements_of(rows), 3));

  const auto fold = [&](Index g) {
    const Index first = g * task.group;
    Index count = 0;
    for (Index item = first; item < first + task.group; ++item) {
      if (task.sums) task.sums[item] = folded(partial + item * per_item, per_item);
      count += count_of(rows, item);
    }
    if (own) fold_gradients(task, g, first, first % rows.kept, count, own + first);
  };
  const bool whole_items = share_items(groups, task.group * per_item, size);
  parallel(size, [&](const Team& team) {
    clear_gaps(rows, op.dx, team);
    if (whole_items) {
      team.each(groups, [&](Index begin, Index end) {
        for (Index g = begin; g < end; ++g) {
          const Index from = g * task.group * per_item, to = from + task.group * per_item;
          if (partial) k.rows_backward_sums(op, from, to, task.saved, partial);
          fold(g);
          if (op.dx) k.rows_backward_apply(op, from, to, gradients);
        }
      });
      return;
    }
    const Index chunks = items * per_item;
    if (partial) {
      team.each(chunks, [&](Index begin, Index end) { k.rows_backward_sums(op, begin, end, task.saved, partial); });
      team.wait();
    }
    team.each(groups, [&](Index begin, Index end) {
      for (Index g = begin; g < end; ++g) fold(g);
    });
    team.wait();
    if (!op.dx) return;
    team.each(chunks, [&](Index begin, Index end) { k.rows_backward_apply(op, begin, end, gradients); });
  });
}

template void drive_backward(const Rows&, const KeptBackwardTask<float>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<double>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<float16>&, Scratch&);
template void drive_backward(const Rows&, const KeptBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
