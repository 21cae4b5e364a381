// Columns, backward, with parameters along the rows: what a row adds to dweight and dbias is summed tile by tile, and
// the tiles are folded in order.
#include "drive/column_passes.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

/// A tile is no wider than an accumulator may sum in T.
constexpr Index kLineColumns = 4 * kStripeColumns;

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
  const Index n = columns.columns, slab = slab_of<E>(columns);
  const ColumnArrays<T> arrays(n, slab, scratch);
  const ProjectionArrays<T> projections(n, slab, scratch);
  const bool stream = past_caches<E>(columns, task.dx, {task.dy, task.x});
  const ColumnsBackward<E> op = {columns,
                                 0,
                                 task.dy,
                                 task.x,
                                 task.dx,
                                 or_constant(task.weight, T(1), columns.rows, scratch),
                                 arrays.read(false),
                                 projections.read(),
                                 false,
                                 stream};
  const BlockSums sums = block_sums(columns, slab, scratch);
  const LineParameters parameters(columns, slab, scratch);
  const bool wants_parameters = task.dweight || task.dbias;
  const auto saved_at = [&](Index item) { return saved_standardizer(task.mean, task.rstd, item); };

  parallel(team_size(bytes_of<E>(elements_of(columns), 3)), [&](const Team& team) {
    for (Index first = 0; first < columns.outer; first += slab) {
      const Index last = smaller(first + slab, columns.outer);
      ColumnsBackward<E> mine = op;
      mine.first = first;
      team.each((last - first) * n, [&](Index begin, Index end) {
        for (Index c = begin; c < end; ++c) arrays.set(c / n, c % n, saved_at(first * n + c));
      });
      team.wait();
      take_sums(mine, summation_grid(columns, first, last), sums, team);
      team.wait();
      team.each((last - first) * n, [&](Index begin, Index end) {
        for (Index c = begin; c < end; ++c) {
          GradientSums total = folded(sums, c / n, summed_blocks(columns, first + c / n), c % n);
          const Gradients<T> gradients =
              gradients_of(total, columns.rows, saved_at(first * n + c), {task.about, true, false}, 1.0);
          arrays.set(c / n, c % n, gradients.standardizer);
          projections.set(c / n, c % n, gradients.projection);
        }
      });
      team.wait();
      const Grid map = grid_of(columns, first, last, kLineColumns);
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
