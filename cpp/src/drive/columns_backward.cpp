// Columns, backward, with parameters along the columns, if any.
#include <vector>

#include "drive/column_passes.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// From the sums of columns to what dx needs, where parameters run along them.
template <class E>
struct KeptFold {
  using T = Compute<E>;
  const KeptBackwardTask<E>& task;
  const T* weight;         // never null
  Gradients<T>* gradients;  // room for those of a group that shares statistics, at its first item

  /// Columns [begin, end) of outer position `first + o`: whole groups.
  void operator()(const BackwardSlabs<E>& slabs, Index first, Index o, Index begin, Index end) const {
    const Index item = (first + o) * slabs.cut.columns.columns, count = rows_at(slabs.cut.columns, first + o);
    if (task.sums) {
      const ColumnSums sums = slabs.joined(first, o, begin, end);
      if (task.group == 1) slabs.project(sums, o, begin, end, count, task.pass, weight);
      for (Index c = begin; c < end; ++c) task.sums[item + c] = sums.at(c);
      if (task.group == 1) return;
    }
    for (Index c = begin; c < end; c += task.group) {
      const Gradients<T>* found = task.gradients ? task.gradients + item + c : gradients + item + c;
      if (!task.gradients) {
        fold_gradients(task, (item + c) / task.group, item + c, c, task.group * count, gradients + item + c);
      }
      for (Index i = 0; i < task.group; ++i) {
        slabs.arrays.set(o, c + i, found[i].standardizer);
        slabs.projections.set(o, c + i, found[i].projection);
      }
    }
    slabs.repeat(o, begin, end);
  }
};

}  // namespace

template <class E>
void drive_backward(const Columns& columns, const KeptBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Cut cut = {columns, rows_abreast<T>(columns.columns)};
  const Index n = columns.columns, groups = n / task.group, slab = slab_of<E>(columns, 2);
  const ColumnsBackward<E> op = {columns,
                                 0,
                                 cut.abreast,
                                 cut.ahead<E>(),
                                 task.dy,
                                 task.x,
                                 task.dx,
                                 nullptr,
                                 {},
                                 {},
                                 task.pass.frozen,
                                 cut.past_caches<E>(task.dx, {task.dy, task.x})};
  const bool alone = task.group == 1 && task.sums;
  const KeptFold<E> fold = {task, or_constant(task.weight, T(1), n, scratch),
                            alone || task.gradients ? nullptr : scratch.take<Gradients<T>>(columns.outer * n)};
  const int size = team_size(bytes_of<E>(elements_of(columns), 3));
  const bool apart = share_items(columns.outer, cut.sums(0, 1).tiles(), size);
  std::vector<BackwardSlabs<E>> slabs;
  for (int member = 0; member < (apart ? size : 1); ++member) slabs.emplace_back(cut, slab, task.sums, scratch);

  parallel(size, [&](const Team& team) {
    const BackwardSlabs<E>& mine = slabs[static_cast<std::size_t>(apart ? team.rank() : 0)];
    for_slabs(columns.outer, slab, apart, team, [&](Index first, Index last, bool more, const Team& members) {
      ColumnsBackward<E> pass = op;
      pass.first = first;
      pass.standardizers = mine.arrays.read(false);
      pass.projections = mine.projections.read();
      if (task.sums) {
        members.each((last - first) * n, [&](Index begin, Index end) {
          for_columns(n, begin, end, [&](Index o, Index from, Index to) {
            for (Index c = from; c < to; ++c) mine.arrays.set(o, c, task.saved[((first + o) * n + c) / task.group]);
            mine.arrays.repeat(o, from, to);
          });
        });
        members.wait();
        mine.take_sums(pass, last, members);
        members.wait();
      }
      members.each((last - first) * groups, [&](Index begin, Index end) {
        for_columns(groups, begin, end, [&](Index o, Index from, Index to) {
          fold(mine, first, o, from * task.group, to * task.group);
        });
      });
      members.wait();
      if (!op.dx) return;
      const Grid map = cut.tiles(first, last);
      pass.ahead = cut.ahead_backwards<E>(slab, 2, more);
      members.each(map.tiles(), [&](Index begin, Index end) {
        map.each_backwards(begin, end,
                           [&](const Tile& tile, Index) { kernels<E>().columns_backward_apply(pass, tile); });
      });
    });
    clear_gaps(columns, op.dx, team);
  });
}

template void drive_backward(const Columns&, const KeptBackwardTask<float>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<double>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<float16>&, Scratch&);
template void drive_backward(const Columns&, const KeptBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
