// Columns, backward, with parameters along the rows: what a row adds to dweight and dbias is summed tile by tile, and
// the tiles are folded in order.
#include "drive/column_passes.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// A tile is no wider than an accumulator may sum in T.
constexpr Index kLineColumns = 2 * kStripeColumns;

/// The sums of each row over the tiles of one slab, stripe by stripe, and over all slabs before.
struct LineParameters {
  Index rows, parts;  // parts: outer positions of a slab times stripes
  double* memory;     // (parts, 2, rows)
  Sum* total;         // (2, rows)

  LineParameters(const Columns& columns, Index slab, Scratch& scratch)
      : rows(columns.rows),
        parts(slab * ceil_div(columns.columns, kLineColumns)),
        memory(scratch.take<double>(parts * 2 * rows)),
        total(scratch.take<Sum>(2 * rows)) {
    std::fill_n(total, 2 * rows, Sum{});
  }
  LineSums at(Index part, Index row) const {
    double* p = memory + part * 2 * rows + row;
    return {p, p + rows};
  }
  /// Entry i of dweight and dbias, one behind the other.
  void fold(Index i, Index used) const {
    for (Index part = 0; part < used; ++part) add(total[i], memory[part * 2 * rows + i]);
  }
};

}  // namespace

template <class E>
void drive_backward(const Columns& columns, const ReducedBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Cut cut = {columns, 1};
  const Index n = columns.columns, slab = slab_of<E>(columns, 2);
  const BackwardSlabs<E> slabs(cut, slab, true, scratch);
  const ColumnsBackward<E> op = {columns,
                                 0,
                                 cut.abreast,
                                 cut.ahead<E>(),
                                 task.dy,
                                 task.x,
                                 task.dx,
                                 or_constant(task.weight, T(1), columns.rows, scratch),
                                 slabs.arrays.read(false),
                                 slabs.projections.read(),
                                 false,
                                 cut.past_caches<E>(task.dx, {task.dy, task.x})};
  const T* unweighted = or_constant<T>(nullptr, T(1), n, scratch);
  const LineParameters parameters(columns, slab, scratch);
  const bool wants_parameters = task.dweight || task.dbias;

  parallel(team_size(bytes_of<E>(elements_of(columns), 3)), [&](const Team& team) {
    for (Index first = 0; first < columns.outer; first += slab) {
      const Index last = smaller(first + slab, columns.outer);
      ColumnsBackward<E> mine = op;
      mine.first = first;
      team.each((last - first) * n, [&](Index begin, Index end) {
        for_columns(n, begin, end, [&](Index o, Index from, Index to) {
          slabs.arrays.set_saved(o, from, to, task.mean ? task.mean + (first + o) * n : nullptr,
                                 task.rstd + (first + o) * n);
        });
      });
      team.wait();
      slabs.take_sums(mine, last, team);
      team.wait();
      team.each((last - first) * n, [&](Index begin, Index end) {
        for_columns(n, begin, end, [&](Index o, Index from, Index to) {
          const ColumnSums sums = slabs.joined(first, o, from, to);
          slabs.project(sums, o, from, to, columns.rows, {task.about, true, false}, unweighted);
        });
      });
      team.wait();
      const Grid map = cut.tiles(first, last, kLineColumns);
      team.each(map.tiles(), [&](Index begin, Index end) {
        map.each(begin, end, [&](const Tile& tile, Index t) {
          const Index part = (tile.outer - first) * map.stripes + t % map.stripes;
          // Before dx is written, which may be dy or x.
          if (wants_parameters) k.columns_backward_lines(mine, tile, parameters.at(part, tile.row_begin));
          if (mine.dx) k.columns_backward_apply(mine, tile);
        });
      });
      team.wait();
      if (!wants_parameters) continue;
      team.each(2 * columns.rows, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) parameters.fold(i, (last - first) * map.stripes);
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
