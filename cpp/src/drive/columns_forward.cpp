#include <vector>

#include "drive/column_statistics.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// A parameter as entries of one outer position.
template <class T>
const T* repeated(const T* given, T constant, const Cut& cut, Scratch& scratch) {
  const Index n = cut.columns.columns;
  const Entries<T> entries = {n, cut.width(), 1};
  T* filled = scratch.take<T>(entries.all());
  if (given) {
    std::copy_n(given, n, filled);
  } else {
    std::fill_n(filled, n, constant);
  }
  entries.repeat(filled, 0, 0, n);
  return filled;
}

template <class E>
ColumnsForward<E> operands(const Cut& cut, const ForwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const auto parameter = [&](const T* given, T constant) {
    return task.along == Along::kept ? repeated(given, constant, cut, scratch)
                                     : or_constant(given, constant, cut.columns.rows, scratch);
  };
  return {cut.columns,
          0,
          cut.abreast,
          cut.ahead_of_map<E>(),
          task.x,
          task.y,
          parameter(task.weight, T(1)),
          parameter(task.bias, T(0)),
          task.along,
          task.about,
          {},
          cut.past_caches<E>(task.y, {task.x})};
}

/// Rows abreast are for parameters that do not change from one to the next.
template <class E>
Cut cut_of(const Columns& columns, const ForwardTask<E>& task) {
  return {columns, task.along == Along::kept ? rows_abreast<Compute<E>>(columns.columns) : 1};
}

}  // namespace

template <class E>
void drive_forward(const Columns& columns, const ForwardTask<E>& task, Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const Cut cut = cut_of(columns, task);
  const Slabs slabs = slabs_of<E>(columns, 1, task.group);
  const ColumnsForward<E> op = operands(cut, task, scratch);
  const int size = team_size(bytes_of<E>(elements_of(columns), 2));
  const bool apart = share_items(slabs.count(), cut.sums(slabs.at(0), size).tiles(), size);
  std::atomic<bool> prescaled{false};
  std::vector<ForwardWork<E>> works;
  for (int member = 0; member < (apart ? size : 1); ++member) {
    works.push_back({cut, task, {cut, slabs.outers, scratch}, {cut, slabs.outers, scratch}, prescaled});
  }
  parallel(size, [&](const Team& team) {
    const ForwardWork<E>& mine = works[static_cast<std::size_t>(apart ? team.rank() : 0)];
    for_slabs(slabs, 0, slabs.count(), apart, team, [&](const Slab& slab, const Team& members) {
      const Grid sums = cut.sums(slab, members.size()), map = cut.tiles(slab);
      ColumnsForward<E> pass = op;
      pass.first = slab.first;
      pass.ahead = cut.ahead_of_sums<E>();
      members.each(sums.tiles(), [&](Index begin, Index end) {
        sums.each(begin, end, [&](const Tile& tile, Index t) {
          k.columns_moments(pass, tile, mine.blocks.at(tile.outer - slab.first, sums.block(t)));
        });
      });
      members.wait();
      for_columns(slab, task.group, members,
                  [&](Index o, Index begin, Index end) { mine.standardize(slab.first, o, begin, end); });
      members.wait();
      if (!task.y) return;
      pass.standardizers = mine.arrays.read(prescaled);
      pass.ahead = slabs.cached ? slab.to_next : op.ahead;
      members.each(map.tiles(), [&](Index begin, Index end) {
        map.each_backwards(begin, end, [&](const Tile& tile, Index) { k.columns_apply(pass, tile); });
      });
    });
    clear_gaps(columns, task.y, team);
  });
}

template <class E>
void drive_apply(const Columns& columns, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given,
                 Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const Cut cut = cut_of(columns, task);
  const Index n = columns.columns;
  const ColumnArrays<Compute<E>> arrays(cut, columns.outer, scratch);
  for (Index o = 0; o < columns.outer; ++o) {
    for (Index c = 0; c < n; ++c) arrays.set(o, c, given[(o * n + c) / task.group]);
    arrays.repeat(o, 0, n);
  }
  ColumnsForward<E> op = operands(cut, task, scratch);
  op.standardizers = arrays.read(false);
  const Grid map = cut.tiles({0, columns.outer, 0, n});
  parallel(team_size(bytes_of<E>(elements_of(columns), 2)), [&](const Team& team) {
    team.each(map.tiles(), [&](Index begin, Index end) {
      map.each(begin, end, [&](const Tile& tile, Index) { k.columns_apply(op, tile); });
    });
    clear_gaps(columns, task.y, team);
  });
}

#define SIMDNORM_INSTANTIATE(E)                                                 \
  template void drive_forward(const Columns&, const ForwardTask<E>&, Scratch&); \
  template void drive_apply(const Columns&, const ForwardTask<E>&, const Standardizer<Compute<E>>*, Scratch&);
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
SIMDNORM_INSTANTIATE(float16)
SIMDNORM_INSTANTIATE(bfloat16)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
