#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// Kernels want both parameters along the length, or neither.
template <class T>
Affine<T> both_or_neither(const ForwardTask<T>& task, Index length, Scratch& scratch) {
  if (task.along == Along::items || !task.weight == !task.bias) return {task.weight, task.bias};
  return {or_constant(task.weight, T(1), length, scratch), or_constant(task.bias, T(0), length, scratch)};
}

template <class T>
RowsForward<T> operands(const Rows& rows, const ForwardTask<T>& task, Scratch& scratch) {
  const bool stream = past_caches<T>(task.y, elements(rows), {task.x});
  return {rows,       chunks_of<T>(rows), task.x, task.y,    both_or_neither(task, rows.length, scratch),
          task.along, task.eps,           stream, task.saved};
}

}  // namespace

template <class T>
void drive_forward(const Rows& rows, const ForwardTask<T>& task, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const RowsForward<T> op = operands(rows, task, scratch);
  const int size = team_size(bytes_of<T>(elements(rows), task.y ? 2 : 1));
  if (task.y && share_items(rows, op.chunks, size)) {
    parallel(size, [&](const Team& team) {
      team.each(rows.items, [&](Index begin, Index end) { k.rows_forward(op, begin, end); });
    });
    return;
  }
  const Index chunks = rows.items * op.chunks.per_item;
  Moments* moments = scratch.take<Moments>(chunks);
  Standardizer<T>* standardizers = scratch.take<Standardizer<T>>(rows.items);
  parallel(size, [&](const Team& team) {
    team.each(chunks, [&](Index begin, Index end) { k.rows_moments(op, begin, end, moments); });
    team.wait();
    team.each(rows.items, [&](Index begin, Index end) {
      for (Index item = begin; item < end; ++item) standardizers[item] = k.rows_finish(op, item, moments);
    });
    team.wait();
    if (!task.y) return;
    team.each(chunks, [&](Index begin, Index end) { k.rows_apply(op, begin, end, standardizers); });
  });
}

template <class T>
void drive_apply(const Rows& rows, const ForwardTask<T>& task, const Standardizer<T>* given, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const RowsForward<T> op = operands(rows, task, scratch);
  parallel(team_size(bytes_of<T>(elements(rows), 2)), [&](const Team& team) {
    team.each(rows.items * op.chunks.per_item, [&](Index begin, Index end) { k.rows_apply(op, begin, end, given); });
  });
}

#define SIMDNORM_INSTANTIATE(T)                                              \
  template void drive_forward(const Rows&, const ForwardTask<T>&, Scratch&); \
  template void drive_apply(const Rows&, const ForwardTask<T>&, const Standardizer<T>*, Scratch&);
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
