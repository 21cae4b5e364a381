#include "drive/common.hpp"
#include "drive/drive.hpp"
#include "drive/row_slabs.hpp"

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

template <class E>
auto to_y(const RowsForward<E>& op, const Standardizer<Compute<E>>* standardizers) {
  const Kernels<E>& k = kernels<E>();
  return last_pass<E>(
      op.rows, op.group * op.chunks.per_item,
      [=, &op, &k](const Strips& strips) { k.rows_apply(op, strips, standardizers); },
      [=, &op, &k](Index begin, Index end) { k.rows_apply_runs(op, begin, end, standardizers); });
}

/// Whole items to each member: a slab after the other from x to y.
template <class E>
void forward_slabs(const RowsForward<E>& op, Index groups, Standardizer<Compute<E>>* standardizers, int size,
                   Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const Slabs slabs = slabs_of<E>(op.rows, op.group, 1);
  const Index chunks = op.group * op.chunks.per_item, most = smaller(groups, slabs.groups) * chunks;
  Moments* moments = scratch.take<Moments>(most * size);
  const auto write = to_y(op, standardizers);
  parallel(size, [&](const Team& team) {
    Moments* mine = moments + most * team.rank();
    team.each(groups, [&](Index begin, Index end) {
      slabs.each(begin, end, [&](Index first, Index last) {
        k.rows_moments(op, first * chunks, last * chunks, mine);
        k.rows_finish(op, first, last, mine, standardizers);
        write.over(slabs, first, last);
      });
    });
    clear_gaps(op.rows, op.y, team);
  });
}

}  // namespace

template <class E>
void drive_forward(const Rows& rows, const ForwardTask<E>& task, Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const RowsForward<E> op = operands(rows, task, scratch);
  const Index groups = items_of(rows) / task.group, chunks = items_of(rows) * op.chunks.per_item;
  const int arrays = 1 + (task.y != nullptr) + 2 * (task.residual.summed != nullptr);
  const int size = team_size(bytes_of<E>(elements_of(rows), arrays));
  const bool whole_items = task.y && share_items(groups, task.group * op.chunks.per_item, size);
  if (whole_items && are_plain(rows, task.group)) {
    parallel(size, [&](const Team& team) {
      team.each(groups, [&](Index begin, Index end) { k.plain_rows_forward(op, begin, end); });
    });
    return;
  }
  Standardizer<Compute<E>>* standardizers = scratch.take<Standardizer<Compute<E>>>(groups);
  if (whole_items) return forward_slabs(op, groups, standardizers, size, scratch);
  Moments* moments = scratch.take<Moments>(chunks);
  parallel(size, [&](const Team& team) {
    team.each(chunks, [&](Index begin, Index end) { k.rows_moments(op, begin, end, moments + begin); });
    team.wait();
    team.each(groups, [&](Index begin, Index end) {
      k.rows_finish(op, begin, end, moments + begin * task.group * op.chunks.per_item, standardizers);
    });
    team.wait();
    if (!task.y) return;
    to_y(op, standardizers).over(team, groups);
    clear_gaps(rows, op.y, team);
  });
}

template <class E>
void drive_apply(const Rows& rows, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given,
                 Scratch& scratch) {
  const RowsForward<E> op = operands(rows, task, scratch);
  const Index groups = items_of(rows) / task.group;
  parallel(team_size(bytes_of<E>(elements_of(rows), 2)), [&](const Team& team) {
    to_y(op, given).over(team, groups);
    clear_gaps(rows, op.y, team);
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
