// Rows, backward, with parameters along the rows. Blocks of rows, cut by shape alone, sum what they add to dweight
// and dbias; the blocks' sums are folded in order. Rows too few for that many members are shared column-wise.
#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

struct Blocks {
  Index rows;               // of a block
  Index count;              // of blocks
  double *dweight, *dbias;  // (count, length)

  BlockParameters at(Index block, Index length) const {
    if (!dweight) return {nullptr, nullptr};
    return {dweight + block * length, dbias + block * length};
  }
};

/// Columns [begin, end) of one gradient: the blocks' sums in order, rounded once. A strip of columns at a time, so that
/// the compiler adds several at once.
template <class T>
void fold(T* gradient, const double* sums, Index blocks, Index length, Index begin, Index end) {
  constexpr Index most = 32;
  for (Index i = begin; gradient && i < end; i += most) {
    const Index width = smaller(most, end - i);
    Sum strip[most] = {};
    for (Index b = 0; b < blocks; ++b) {
      const double* block = sums + b * length + i;
      for (Index k = 0; k < width; ++k) add(strip[k], block[k]);
    }
    for (Index k = 0; k < width; ++k) gradient[i + k] = static_cast<T>(value(strip[k]));
  }
}

template <class T>
void fold(const RowParametersTask<T>& task, const Blocks& blocks, Index length, Index begin, Index end) {
  fold(task.dweight, blocks.dweight, blocks.count, length, begin, end);
  fold(task.dbias, blocks.dbias, blocks.count, length, begin, end);
}

template <class T>
void share_blocks(const RowsBackward<T>& op, const RowParametersTask<T>& task, const Blocks& blocks, int size,
                  Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const Index n = op.rows.length;
  const Index apart = ceil_div(n, 64) * 64;  // so that each array stands in its cache lines as dx does
  T* partial = scratch.take_like<T>(task.dx, 2 * apart * size);
  std::fill_n(partial, 2 * apart * size, T(0));
  parallel(size, [&](const Team& team) {
    T* mine = partial + 2 * apart * team.rank();
    team.each(blocks.count, [&](Index begin, Index end) {
      for (Index b = begin; b < end; ++b) {
        const Index last = smaller((b + 1) * blocks.rows, op.rows.items);
        k.rows_backward_block(op, b * blocks.rows, last, task.mean, task.rstd, {mine, mine + apart}, blocks.at(b, n));
      }
    });
    team.wait();
    team.each(n, [&](Index begin, Index end) { fold(task, blocks, n, begin, end); });
  });
}

template <class T>
void share_columns(const RowsBackward<T>& op, const RowParametersTask<T>& task, const Blocks& blocks, int size,
                   Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const Index n = op.rows.length, items = op.rows.items, per_item = op.chunks.per_item;
  T* partial = scratch.take<T>(2 * n);
  std::fill_n(partial, 2 * n, T(0));
  Standardizer<T>* saved = scratch.take<Standardizer<T>>(items);
  for (Index row = 0; row < items; ++row) saved[row] = saved_standardizer<T>(task.mean[row], task.rstd[row]);
  GradientSums* sums = scratch.take<GradientSums>(items * per_item);
  Gradients<T>* gradients = scratch.take<Gradients<T>>(items);
  parallel(size, [&](const Team& team) {
    team.each(items * per_item, [&](Index begin, Index end) { k.rows_backward_sums(op, begin, end, saved, sums); });
    team.wait();
    team.each(items, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        GradientSums total = folded(sums + row * per_item, per_item);
        gradients[row] = gradients_of(total, n, saved[row], 1.0, true);
      }
    });
    team.wait();
    team.each(n, [&](Index begin, Index end) {
      for (Index b = 0; b < blocks.count; ++b) {
        const Index last = smaller((b + 1) * blocks.rows, items);
        const PartialParameters<T> sink =
            blocks.dweight ? PartialParameters<T>{partial, partial + n} : PartialParameters<T>{nullptr, nullptr};
        k.rows_backward_columns(op, {b * blocks.rows, last, begin, end}, gradients, sink, blocks.at(b, n));
      }
      if (blocks.dweight) fold(task, blocks, n, begin, end);
    });
  });
}

}  // namespace

template <class T>
void drive_backward(const Rows& rows, const RowParametersTask<T>& task, Scratch& scratch) {
  const Kernels<T>& k = kernels<T>();
  const Index n = rows.length;
  const bool stream = same_place<T>(n) && past_caches<T>(task.dx, rows.items * n, {task.dy, task.x});
  const T* weight = or_constant(task.weight, T(1), n, scratch);
  const RowsBackward<T> op = {rows, chunks_of<T>(rows), task.dy, task.x, task.dx, weight, false, stream};
  const bool parameters = task.dweight || task.dbias;
  const int size = team_size(bytes_of<T>(rows.items * n, 3));

  Blocks blocks = {block_rows(rows.items, kFlushRows), 0, nullptr, nullptr};
  blocks.count = ceil_div(rows.items, blocks.rows);
  if (parameters) {
    blocks.dweight = scratch.take<double>(2 * blocks.count * n);
    blocks.dbias = blocks.dweight + blocks.count * n;
    std::fill_n(blocks.dweight, 2 * blocks.count * n, 0.0);
  }
  const Index units = parameters ? blocks.count : ceil_div(rows.items, 4);
  if (units < size && op.chunks.per_item >= 2 * size) {
    share_columns(op, task, blocks, size, scratch);
  } else if (parameters) {
    share_blocks(op, task, blocks, size, scratch);
  } else {
    parallel(size, [&](const Team& team) {
      team.each(rows.items, [&](Index begin, Index end) {
        k.rows_backward_block(op, begin, end, task.mean, task.rstd, {nullptr, nullptr}, {nullptr, nullptr});
      });
    });
  }
}

template void drive_backward(const Rows&, const RowParametersTask<float>&, Scratch&);
template void drive_backward(const Rows&, const RowParametersTask<double>&, Scratch&);

}  // namespace simdnorm
