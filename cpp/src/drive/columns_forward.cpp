#include <atomic>
#include <vector>

#include "drive/column_grid.hpp"
#include "drive/drive.hpp"
#include "kernels/rare_items.hpp"

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
          cut.ahead<E>(),
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

/// Moments per block and column of a slab.
struct BlockMoments {
  double* memory;
  Index blocks, columns;  // blocks of an outer position

  BlockMoments(const Cut& cut, Index outers, Scratch& scratch)
      : blocks(cut.most_blocks()), columns(cut.columns.columns) {
    memory = scratch.take<double>(5 * columns * blocks * outers);
  }
  ColumnMoments at(Index outer, Index block) const {
    double* p = memory + 5 * columns * (outer * blocks + block);
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns};
  }
};

/// What the phases of a forward pass share, slab after slab.
template <class E>
struct ForwardWork {
  using T = Compute<E>;
  const Cut& cut;
  const ForwardTask<E>& task;
  ColumnArrays<T> arrays;
  BlockMoments blocks;
  std::atomic<bool>& prescaled;

  /// All blocks of columns [begin, end) of outer position `first + o`, joined in their order.
  ColumnMoments joined(Index first, Index o, Index begin, Index end) const {
    const ColumnMoments all = blocks.at(o, 0);
    const Index rows = rows_at(cut.columns, first + o), height = cut.block_height(first + o);
    for (Index c = begin; rows == 0 && c < end; ++c) all.set(c, {});
    for (Index done = height; done < rows; done += height) {
      kernels<E>().columns_join_moments(all, blocks.at(o, done / height), begin, end, done,
                                        smaller(height, rows - done));
    }
    return all;
  }

  /// Columns [begin, end) of outer position `first + o`: whole groups.
  void standardize(Index first, Index o, Index begin, Index end) const {
    const ColumnMoments moments = joined(first, o, begin, end);
    if (task.group > 1) {
      for (Index c = begin; c < end; c += task.group) standardize_group(moments, first, o, c);
    } else {
      standardize_each(moments, first, o, begin, end);
    }
    arrays.repeat(o, begin, end);
  }

  void standardize_group(const ColumnMoments& moments, Index first, Index o, Index begin) const {
    const Index n = cut.columns.columns, end = begin + task.group;
    GrowingMoments grown;
    for (Index c = begin; c < end; ++c) grown.take(moments.at(c), rows_at(cut.columns, first + o));
    const Standardizer<T> s =
        finish(grown.moments, grown.count, first + o, begin, end, ((first + o) * n + begin) / task.group);
    for (Index c = begin; c < end; ++c) arrays.set(o, c, s);
  }

  void standardize_each(const ColumnMoments& moments, Index first, Index o, Index begin, Index end) const {
    const Index count = larger(rows_at(cut.columns, first + o), 1), item = (first + o) * cut.columns.columns;
    const StandardizerEntries<T> to = arrays.at(o);
    arrays.set_ordinary(o, begin, end);
    const Index rare = kernels<E>().columns_standardize(moments, begin, end, count, task.eps, to);
    if (task.saved.mean) std::copy(to.mean + begin, to.mean + end, task.saved.mean + item + begin);
    if (task.saved.rstd) std::copy(to.rstd + begin, to.rstd + end, task.saved.rstd + item + begin);
    for (Index c = begin; task.saved.statistics && c < end; ++c) {
      task.saved.statistics[item + c] = {mean_of<double>(moments.at(c)).high, value(moments.at(c).m2)};
    }
    for (Index c = begin; rare > 0 && c < end; ++c) {
      if (ordinary<T>(moments.at(c), count, task.eps)) continue;
      arrays.set(o, c, finish(moments.at(c), count, first + o, c, c + 1, item + c));
    }
  }

  /// From the moments of columns [begin, end) of an outer position, group `g` of all, to how they are standardized.
  Standardizer<T> finish(const Moments& moments, Index count, Index outer, Index begin, Index end, Index g) const {
    const Standardizer<T> s = finished_or_retaken(moments, count, task.about, task.eps, task.saved, g, [&](auto take) {
      const Lines at(cut.columns, outer);
      for (Index r = 0; r < rows_at(cut.columns, outer); ++r) {
        for (Index c = begin; c < end; ++c) take(static_cast<double>(widened(task.x[at(r) + c])));
      }
    });
    if (s.prescale != T(1)) prescaled = true;
    return s;
  }
};

}  // namespace

template <class E>
void drive_forward(const Columns& columns, const ForwardTask<E>& task, Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const Cut cut = cut_of(columns, task);
  const Slabs slabs = slabs_of<E>(columns, 1, task.group);
  const ColumnsForward<E> op = operands(cut, task, scratch);
  const int size = team_size(bytes_of<E>(elements_of(columns), 2));
  const bool apart = share_items(slabs.count(), cut.sums(slabs.at(0)).tiles(), size);
  std::atomic<bool> prescaled{false};
  std::vector<ForwardWork<E>> works;
  for (int member = 0; member < (apart ? size : 1); ++member) {
    works.push_back({cut, task, {cut, slabs.outers, scratch}, {cut, slabs.outers, scratch}, prescaled});
  }
  parallel(size, [&](const Team& team) {
    const ForwardWork<E>& mine = works[static_cast<std::size_t>(apart ? team.rank() : 0)];
    for_slabs(slabs, 0, slabs.count(), apart, team, [&](const Slab& slab, const Team& members) {
      const Grid sums = cut.sums(slab), map = cut.tiles(slab);
      ColumnsForward<E> pass = op;
      pass.first = slab.first;
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
      pass.ahead = slabs.cached && slab.to_next != 0 ? slab.to_next : -op.ahead;
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
  op.ahead = -op.ahead;
  const Grid map = cut.tiles({0, columns.outer, 0, n});
  parallel(team_size(bytes_of<E>(elements_of(columns), 2)), [&](const Team& team) {
    team.each(map.tiles(), [&](Index begin, Index end) {
      map.each_backwards(begin, end, [&](const Tile& tile, Index) { k.columns_apply(op, tile); });
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
