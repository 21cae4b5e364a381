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
  const T* weight;          // never null
  Gradients<T>* gradients;  // room for those of a group that shares statistics, at its first item

  /// Columns [begin, end) of outer position `first + o`: whole groups.
  void operator()(const BackwardWork<E>& work, Index first, Index o, Index begin, Index end) const {
    const Index item = (first + o) * work.cut.columns.columns, count = rows_at(work.cut.columns, first + o);
    if (task.sums) {
      const GradientSumEntries sums = work.joined(first, o, begin, end);
      if (task.group == 1) work.project(sums, o, begin, end, count, task.pass, weight);
      for (Index c = begin; c < end; ++c) task.sums[item + c] = sums.at(c);
      if (task.group == 1) return;
    }
    for (Index c = begin; c < end; c += task.group) {
      const Gradients<T>* found = task.gradients ? task.gradients + item + c : gradients + item + c;
      if (!task.gradients) {
        fold_gradients(task, (item + c) / task.group, item + c, c, task.group * count, gradients + item + c);
      }
      for (Index i = 0; i < task.group; ++i) {
        work.arrays.set(o, c + i, found[i].standardizer);
        work.projections.set(o, c + i, found[i].projection);
      }
    }
    work.repeat(o, begin, end);
  }
};

}  // namespace

template <class E>
void drive_backward(const Columns& columns, const KeptBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Cut cut = {columns, rows_abreast<T>(columns.columns)};
  const Index n = columns.columns;
  const Slabs slabs = slabs_of<E>(columns, 2, task.group);
  const ColumnsBackward<E> op = {columns, 0,      cut.abreast,      cut.ahead_of_sums<E>(),
                                 task.dy, task.x, task.dx,          nullptr,
                                 {},      {},     task.pass.frozen, cut.past_caches<E>(task.dx, {task.dy, task.x})};
  const bool alone = task.group == 1 && task.sums;
  const KeptFold<E> fold = {task, or_constant(task.weight, T(1), n, scratch),
                            alone || task.gradients ? nullptr : scratch.take<Gradients<T>>(columns.outer * n)};
  const int size = team_size(bytes_of<E>(elements_of(columns), 3));
  const bool apart = share_items(slabs.count(), cut.sums(slabs.at(0), size).tiles(), size);
  std::vector<BackwardWork<E>> works;
  for (int member = 0; member < (apart ? size : 1); ++member) {
    works.emplace_back(cut, slabs.outers, task.sums, scratch);
  }

  parallel(size, [&](const Team& team) {
    const BackwardWork<E>& mine = works[static_cast<std::size_t>(apart ? team.rank() : 0)];
    for_slabs(slabs, 0, slabs.count(), apart, team, [&](const Slab& slab, const Team& members) {
      ColumnsBackward<E> pass = op;
      pass.first = slab.first;
      pass.standardizers = mine.arrays.read(false);
      pass.projections = mine.projections.read();
      if (task.sums) {
        for_columns(slab, 1, members, [&](Index o, Index begin, Index end) {
          const Index item = (slab.first + o) * n;
          for (Index c = begin; c < end; ++c) mine.arrays.set(o, c, task.saved[(item + c) / task.group]);
          mine.arrays.repeat(o, begin, end);
        });
        members.wait();
        mine.take_sums(pass, slab, members);
        members.wait();
      }
      for_columns(slab, task.group, members,
                  [&](Index o, Index begin, Index end) { fold(mine, slab.first, o, begin, end); });
      members.wait();
      if (!op.dx) return;
      const Grid map = cut.tiles(slab);
      pass.ahead = slabs.cached ? slab.to_next : cut.ahead_of_map<E>();
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
