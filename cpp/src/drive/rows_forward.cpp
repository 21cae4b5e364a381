#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// Kernels want both parameters along what is reduced, or neither.
template <class E>
Affine<Compute<E>> both_or_neither(const ForwardTask<E>& task, Index count, Scratch& scratch) {
  using T = Compute<E>;
  if (task.along == Along::kept || !task.weight == !task.bias) return {task.weight, task.bias};
  return {or_constant(task.weight, T(1), count, scratch), or_constant(task.bias, T(0), count, scratch)};
}

template <class E>
RowsForward<E> operands(const Rows& rows, const ForwardTask<E>& task, Scratch& scratch) {
  const bool stream = past_caches<E>(task.y, elements_of(rows), {task.x});
  return {rows,
          chunks_of<Compute<E>>(rows),
          task.group,
          task.x,
          task.residual,
          task.y,
          both_or_neither(task, rows.segments * rows.length, scratch),
          task.along,
          task.about,
          task.eps,
          stream,
          come_from_afar<E>(elements_of(rows), 2),
          task.saved};
}

}  // namespace

template <class E>
void drive_forward(const Rows& rows, const ForwardTask<E>& task, Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const RowsForward<E> op = operands(rows, task, scratch);
  const Index groups = items_of(rows) / task.group, chunks = items_of(rows) * op.chunks.per_item;
  const int arrays = 1 + (task.y != nullptr) + 2 * (task.residual.summed != nullptr);
  const int size = team_size(bytes_of<E>(elements_of(rows), arrays));
  if (task.y && share_items(groups, task.group * op.chunks.per_item, size)) {
    parallel(size, [&](const Team& team) {
      team.each(groups, [&](Index begin, Index end) { k.rows_forward(op, begin, end); });
      clear_gaps(rows, task.y, team);
    });
    return;
  }
  Moments* moments = scratch.take<Moments>(chunks);
  Standardizer<Compute<E>>* standardizers = scratch.take<Standardizer<Compute<E>>>(groups);
  parallel(size, [&](const Team& team) {
    team.each(chunks, [&](Index begin, Index end) { k.rows_moments(op, begin, end, moments); });
    team.wait();
    team.each(groups, [&](Index begin, Index end) {
      for (Index g = begin; g < end; ++g) standardizers[g] = k.rows_finish(op, g, moments);
    });
    team.wait();
    if (!task.y) return;
    team.each(chunks, [&](Index begin, Index end) { k.rows_apply(op, begin, end, standardizers); });
    clear_gaps(rows, task.y, team);
  });
}

template <class E>
void drive_apply(const Rows& rows, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given,
                 Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const RowsForward<E> op = operands(rows, task, scratch);
  parallel(team_size(bytes_of<E>(elements_of(rows), 2)), [&](const Team& team) {
    team.each(items_of(rows) * op.chunks.per_item,
              [&](Index begin, Index end) { k.rows_apply(op, begin, end, given); });
    clear_gaps(rows, task.y, team);
  });
}

#define SIMDNORM_INSTANTIATE(E)                                              \
  template void drive_forward(const Rows&, const ForwardTask<E>&, Scratch&); \
  template void drive_apply(const Rows&, const ForwardTask<E>&, const Standardizer<Compute<E>>*, Scratch&);
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
SIMDNORM_INSTANTIATE(float16)
SIMDNORM_INSTANTIATE(bfloat16)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
