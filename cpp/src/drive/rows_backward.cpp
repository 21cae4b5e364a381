#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {

template <class T>
void drive_backward(const Rows& rows, const BackwardTask<T>& task, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const bool stream = past_caches<T>(task.dx, elements(rows), {task.dy, task.x});
  const RowsBackward<T> op = {rows, chunks_of<T>(rows), task.dy, task.x, task.dx, nullptr, task.frozen, stream};
  const Index per_item = op.chunks.per_item, chunks = rows.items * per_item, count = rows.segments * rows.length;
  Gradients<T>* own = task.gradients ? nullptr : scratch.take<Gradients<T>>(rows.items);
  const Gradients<T>* gradients = task.gradients ? task.gradients : own;
  GradientSums* partial = task.sums ? scratch.take<GradientSums>(chunks) : nullptr;
  const int size = team_size(bytes_of<T>(elements(rows), 3));

  const auto fold = [&](Index item) {
    if (task.sums) task.sums[item] = folded(partial + item * per_item, per_item);
    if (!own) return;
    const double weight = weight_of(task.weight, item);
    own[item] = task.frozen ? frozen_gradients(task.saved[item], weight)
                            : gradients_of(task.sums[item], count, task.saved[item], weight, task.rounded);
  };
  const bool whole_items = share_items(rows, op.chunks, size);
  parallel(size, [&](const Team& team) {
    if (whole_items) {
      team.each(rows.items, [&](Index begin, Index end) {
        for (Index item = begin; item < end; ++item) {
          const Index from = item * per_item, to = from + per_item;
          if (partial) k.rows_backward_sums(op, from, to, task.saved, partial);
          fold(item);
          if (op.dx) k.rows_backward_apply(op, from, to, gradients);
        }
      });
      return;
    }
    if (partial) {
      team.each(chunks, [&](Index begin, Index end) { k.rows_backward_sums(op, begin, end, task.saved, partial); });
      team.wait();
    }
    team.each(rows.items, [&](Index begin, Index end) {
      for (Index item = begin; item < end; ++item) fold(item);
    });
    team.wait();
    if (!op.dx) return;
    team.each(chunks, [&](Index begin, Index end) { k.rows_backward_apply(op, begin, end, gradients); });
  });
}

template void drive_backward(const Rows&, const BackwardTask<float>&, Scratch&);
template void drive_backward(const Rows&, const BackwardTask<double>&, Scratch&);

}  // namespace simdnorm
