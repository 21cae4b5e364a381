#include <atomic>

#include "drive/column_grid.hpp"
#include "drive/drive.hpp"
#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

/// A parameter as entries of one outer position.
template <class T>
const T* repeated(const T* given, T constant, Index columns, Scratch& scratch) {
  const Entries<T> entries = {columns, 1};
  T* filled = scratch.take<T>(entries.all());
  for (Index c = 0; c < columns; ++c) {
    entries.each(0, c, [&](Index i) { filled[i] = given ? given[c] : constant; });
  }
  return filled;
}

template <class E>
ColumnsForward<E> operands(const Columns& columns, const ForwardTask<E>& task, const ColumnArrays<Compute<E>>& arrays,
                           Scratch& scratch) {
  using T = Compute<E>;
  const bool kept = task.along == Along::kept;
  const auto parameter = [&](const T* given, T constant) {
    return kept ? repeated(given, constant, columns.columns, scratch)
                : or_constant(given, constant, columns.rows, scratch);
  };
  const bool stream = past_caches<E>(columns, task.y, {task.x});
  return {columns,
          0,
          task.x,
          task.y,
          parameter(task.weight, T(1)),
          parameter(task.bias, T(0)),
          task.along,
          task.about,
          arrays.read(false),
          stream};
}

/// Moments per block and column of a slab.
struct BlockMoments {
  double* memory;
  Index blocks, columns;  // blocks of an outer position

  ColumnMoments at(Index outer, Index block) const {
    double* p = memory + 5 * columns * (outer * blocks + block);
    return {p, p + columns, p + 2 * columns, p + 3 * columns, p + 4 * columns};
  }
};

Moments moments_at(const ColumnMoments& m, Index c) {
  return {m.pivot[c], {m.offset[c], m.offset_error[c]}, {m.m2[c], m.m2_error[c]}};
}

/// All blocks of the columns [begin, end) of outer position `o` of a slab: column by column, block by block.
GrowingMoments fold(const BlockMoments& blocks, const Columns& columns, Index first, Index o, Index begin, Index end) {
  const Index total = rows_at(columns, first + o), height = summed_rows(columns, first + o);
  GrowingMoments growing;
  for (Index c = begin; c < end; ++c) {
    for (Index done = 0; done < total; done += height) {
      growing.take(moments_at(blocks.at(o, done / height), c), smaller(height, total - done));
    }
  }
  return growing;
}

/// From the moments of columns [begin, end) of an outer position, group `g` of all, to how they are standardized.
template <class E>
Standardizer<Compute<E>> finish(const Columns& columns, const ForwardTask<E>& task, const GrowingMoments& grown,
                                Index outer, Index begin, Index end, Index g) {
  return finished_or_retaken(grown.moments, grown.count, task.about, task.eps, task.saved, g, [&](auto take) {
    const Lines lines(columns, outer);
    for (Index r = 0; r < rows_at(columns, outer); ++r) {
      for (Index c = begin; c < end; ++c) take(static_cast<double>(widened(task.x[lines(r) + c])));
    }
  });
}

}  // namespace

template <class E>
void drive_forward(const Columns& columns, const ForwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Index n = columns.columns, slab = slab_of<E>(columns), groups = n / task.group;
  const ColumnArrays<T> arrays(n, slab, scratch);
  const ColumnsForward<E> op = operands(columns, task, arrays, scratch);
  const Index most = summation_grid(columns, 0, slab).blocks;
  const BlockMoments blocks = {scratch.take<double>(5 * n * most * slab), most, n};
  std::atomic<bool> prescaled{false};
  parallel(team_size(bytes_of<E>(elements_of(columns), 2)), [&](const Team& team) {
    for (Index first = 0; first < columns.outer; first += slab) {
      const Index last = smaller(first + slab, columns.outer);
      const Grid sums = summation_grid(columns, first, last), map = elementwise_grid(columns, first, last);
      ColumnsForward<E> mine = op;
      mine.first = first;
      team.each(sums.tiles(), [&](Index begin, Index end) {
        sums.each(begin, end, [&](const Tile& tile, Index t) {
          k.columns_moments(mine, tile, blocks.at(tile.outer - first, sums.block(t)));
        });
      });
      team.wait();
      team.each((last - first) * groups, [&](Index begin, Index end) {
        for (Index g = begin; g < end; ++g) {
          const Index o = g / groups, from = g % groups * task.group, to = from + task.group;
          const GrowingMoments grown = fold(blocks, columns, first, o, from, to);
          const Standardizer<T> s = finish(columns, task, grown, first + o, from, to, first * groups + g);
          if (s.prescale != T(1)) prescaled = true;
          for (Index c = from; c < to; ++c) arrays.set(o, c, s);
        }
      });
      team.wait();
      if (!task.y) continue;
      mine.standardizers = arrays.read(prescaled);
      team.each(map.tiles(), [&](Index begin, Index end) {
        map.each(begin, end, [&](const Tile& tile, Index) { k.columns_apply(mine, tile); });
      });
      if (last < columns.outer) team.wait();  // the next slab takes the arrays
    }
    clear_gaps(columns, task.y, team);
  });
}

template <class E>
void drive_apply(const Columns& columns, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given,
                 Scratch& scratch) {
  const Kernels<E>& k = kernels<E>();
  const Index n = columns.columns;
  const ColumnArrays<Compute<E>> arrays(n, columns.outer, scratch);
  for (Index item = 0; item < columns.outer * n; ++item) arrays.set(item / n, item % n, given[item / task.group]);
  const ColumnsForward<E> op = operands(columns, task, arrays, scratch);
  const Grid map = elementwise_grid(columns, 0, columns.outer);
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
