// Columns, backward, with parameters along the rows: what a row adds to dweight and dbias is summed stripe by stripe,
// and the stripes are folded in order.
#include <vector>

#include "drive/column_passes.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

constexpr Index kPartsBytes = 256 * 1024;

// A tile is read twice, and small enough for the first cache; no wider than an accumulator may sum in T.
constexpr Index kLines = 8, kLineColumns = 512;

/// The sums of each row over the stripes of some slabs, and over all slabs before. A stripe is no wider than an
/// accumulator may sum in T.
struct LineParameters {
  Index rows, stripes, parts;  // stripes: of a slab, of all its outer positions; parts: stripes of a round of slabs
  double* memory;              // (parts, 2, rows)
  Sum* total;                  // (2, rows)

  LineParameters(Index rows_, Index stripes_, Index slabs, Scratch& scratch)
      : rows(rows_),
        stripes(stripes_),
        parts(stripes_ * slabs),
        memory(scratch.take<double>(parts * 2 * rows)),
        total(scratch.take<Sum>(2 * rows)) {
    std::fill_n(total, 2 * rows, Sum{});
  }
  LineSums at(Index part, Index row) const {
    double* p = memory + part * 2 * rows + row;
    return {p, p + rows};
  }
  /// Entry i of dweight and dbias, one behind the other, of `used` stripes from `part` on.
  void fold(Index i, Index part, Index used) const {
    for (Index end = part + used; part < end; ++part) add(total[i], memory[part * 2 * rows + i]);
  }
};

Index stripes_of(const Slab& slab) {
  return (slab.last - slab.first) * ceil_div(slab.col_end - slab.col_begin, kLineColumns);
}

}  // namespace

template <class E>
void drive_backward(const Columns& columns, const ReducedBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Cut cut = {columns, 1};
  const Index n = columns.columns;
  const Slabs slabs = slabs_of<E>(columns, 2, 1);
  const ColumnsBackward<E> op = {columns, 0,      cut.abreast, cut.ahead_of_sums<E>(),
                                 task.dy, task.x, task.dx,     or_constant(task.weight, T(1), columns.rows, scratch),
                                 {},      {},     false,       cut.past_caches<E>(task.dx, {task.dy, task.x})};
  const T* unweighted = or_constant<T>(nullptr, T(1), n, scratch);
  const bool wants_parameters = task.dweight || task.dbias;
  const int size = team_size(bytes_of<E>(elements_of(columns), 3));
  const Index stripes = stripes_of(slabs.at(0));  // no other has more
  const Index round = larger(kPartsBytes / larger(stripes * columns.rows * 2 * Index{sizeof(double)}, 1), size);
  const LineParameters parameters(columns.rows, stripes, smaller(round, slabs.count()), scratch);
  const bool apart = share_items(smaller(round, slabs.count()), cut.sums(slabs.at(0), size).tiles(), size);
  std::vector<BackwardWork<E>> works;
  for (int member = 0; member < (apart ? size : 1); ++member) works.emplace_back(cut, slabs.outers, true, scratch);

  parallel(size, [&](const Team& team) {
    const BackwardWork<E>& mine = works[static_cast<std::size_t>(apart ? team.rank() : 0)];
    for (Index begin = 0; begin < slabs.count(); begin += round) {
      const Index end = smaller(begin + round, slabs.count());
      for_slabs(slabs, begin, end, apart, team, [&](const Slab& slab, const Team& members) {
        ColumnsBackward<E> pass = op;
        pass.first = slab.first;
        pass.standardizers = mine.arrays.read(false);
        pass.projections = mine.projections.read();
        for_columns(slab, 1, members, [&](Index o, Index from, Index to) {
          const Index item = (slab.first + o) * n;
          mine.arrays.set_saved(o, from, to, task.mean ? task.mean + item : nullptr, task.rstd + item);
        });
        members.wait();
        mine.take_sums(pass, slab, members);
        members.wait();
        for_columns(slab, 1, members, [&](Index o, Index from, Index to) {
          const GradientSumEntries sums = mine.joined(slab.first, o, from, to);
          mine.project(sums, o, from, to, columns.rows, {task.about, true, false}, unweighted);
        });
        members.wait();
        pass.ahead = slabs.cached ? slab.to_next : -cut.ahead_of_map<E>();
        const Grid map = cut.tiles(slab, kLines, kLineColumns);
        members.each(map.tiles(), [&](Index first, Index last) {
          map.each_backwards(first, last, [&](const Tile& tile, Index t) {
            const Index part =
                (slab.number - begin) * stripes + (tile.outer - slab.first) * map.stripes + t % map.stripes;
            // Before dx is written, which may be dy or x.
            if (wants_parameters) k.columns_backward_lines(pass, tile, parameters.at(part, tile.row_begin));
            if (pass.dx) k.columns_backward_apply(pass, tile);
          });
        });
      });
      team.wait();
      if (!wants_parameters) continue;
      team.each(2 * columns.rows, [&](Index from, Index to) {
        for (Index s = begin; s < end; ++s) {
          const Index used = stripes_of(slabs.at(s));
          for (Index i = from; i < to; ++i) parameters.fold(i, (s - begin) * stripes, used);
        }
      });
      team.wait();
    }
  });
  for (Index r = 0; r < columns.rows; ++r) {
    if (task.dweight) task.dweight[r] = static_cast<T>(value(parameters.total[r]));
    if (task.dbias) task.dbias[r] = static_cast<T>(value(parameters.total[columns.rows + r]));
  }
}

template void drive_backward(const Columns&, const ReducedBackwardTask<float>&, Scratch&);
template void drive_backward(const Columns&, const ReducedBackwardTask<double>&, Scratch&);
template void drive_backward(const Columns&, const ReducedBackwardTask<float16>&, Scratch&);
template void drive_backward(const Columns&, const ReducedBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
