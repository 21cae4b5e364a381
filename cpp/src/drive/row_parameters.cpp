// Rows, backward, with parameters along what is reduced. Blocks of items, cut by shape alone, sum what they add to
// dweight and dbias; the blocks' sums are folded in order. Items too few for that many members, and such as lie in
// segments, are shared column-wise.
#include "drive/blocks.hpp"
#include "drive/common.hpp"
#include "drive/drive.hpp"

namespace simdnorm {
namespace {

struct Blocks {
  Index rows;                                   // of a block
  Index count;                                  // of blocks
  double *dweight = nullptr, *dbias = nullptr;  // (count, length), if gradients are wanted

  void take(Index length, Scratch& scratch) {
    dweight = scratch.take<double>(2 * count * length);
    dbias = dweight + count * length;
  }

  /// The sums of a block, from zero in columns [begin, end): whoever adds to them has them in the cache.
  BlockParameters start(Index block, Index length, Index begin, Index end) const {
    if (!dweight) return {nullptr, nullptr};
    const BlockParameters own = {dweight + block * length, dbias + block * length};
    std::fill(own.dweight + begin, own.dweight + end, 0.0);
    std::fill(own.dbias + begin, own.dbias + end, 0.0);
    return own;
  }
};

// Rows are worth sharing column-wise from this length on, where each member gets so many columns.
constexpr Index kLeastWide = 2048, kLeastColumns = 128;

template <class E>
void fold(const ReducedBackwardTask<E>& task, const Blocks& blocks, Index length, Index begin, Index end) {
  const Kernels<E>& k = kernels<E>();
  if (task.dweight) k.fold_blocks(blocks.dweight, blocks.count, length, begin, end, task.dweight);
  if (task.dbias) k.fold_blocks(blocks.dbias, blocks.count, length, begin, end, task.dbias);
}

template <class E>
void share_blocks(const RowsBackward<E>& op, const ReducedBackwardTask<E>& task, Blocks blocks, int size,
                  Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Index n = op.rows.length, items = items_of(op.rows);
  if (items <= kFlushRows) {  // one block, and nothing to add up beyond T: the partial sums are the gradients
    const PartialParameters<T> sums = {task.dweight ? task.dweight : scratch.take<T>(n),
                                       task.dbias ? task.dbias : scratch.take<T>(n)};
    std::fill_n(sums.dweight, n, T(0));
    std::fill_n(sums.dbias, n, T(0));
    return k.rows_backward_block(op, 0, items, task.mean, task.rstd, sums, {nullptr, nullptr});
  }
  blocks.take(n, scratch);
  const Index apart = ceil_div(n, 64) * 64;  // so that each array stands among its packs as dx does
  T* partial = scratch.take_like<T>(task.dx, 2 * apart * size);
  std::fill_n(partial, 2 * apart * size, T(0));
  parallel(size, [&](const Team& team) {
    T* mine = partial + 2 * apart * team.rank();
    team.each(blocks.count, [&](Index begin, Index end) {
      for (Index b = begin; b < end; ++b) {
        const Index last = smaller((b + 1) * blocks.rows, items);
        k.rows_backward_block(op, b * blocks.rows, last, task.mean, task.rstd, {mine, mine + apart},
                              blocks.start(b, n, 0, n));
      }
    });
    team.wait();
    team.each(n, [&](Index begin, Index end) { fold(task, blocks, n, begin, end); });
  });
}

/// The same operation on segment s of every item, as if that were all.
template <class E>
RowsBackward<E> segment_of(const RowsBackward<E>& op, Index s) {
  const Index at = s * op.rows.kept * op.rows.length;
  RowsBackward<E> segment = op;
  segment.dy += at;
  segment.x += at;
  if (op.dx) segment.dx += at;
  segment.weight += s * op.rows.length;
  return segment;
}

template <class E>
void share_columns(const RowsBackward<E>& op, const ReducedBackwardTask<E>& task, Blocks blocks, int size,
                   Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Index length = op.rows.length, n = op.rows.segments * length;
  const Index items = items_of(op.rows), per_item = op.chunks.per_item;
  T* partial = nullptr;
  if (task.dweight || task.dbias) {
    blocks.take(n, scratch);
    partial = scratch.take<T>(2 * n);
    std::fill_n(partial, 2 * n, T(0));
  }
  Standardizer<T>* saved = scratch.take<Standardizer<T>>(items);
  for (Index i = 0; i < items; ++i) saved[i] = saved_standardizer(task.mean, task.rstd, i);
  GradientSums* sums = scratch.take<GradientSums>(items * per_item);
  Gradients<T>* gradients = scratch.take<Gradients<T>>(items);
  parallel(size, [&](const Team& team) {
    team.each(items * per_item,
              [&](Index begin, Index end) { k.rows_backward_sums(op, begin, end, saved, sums + begin); });
    team.wait();
    team.each(items, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        GradientSums total = folded(sums + i * per_item, per_item);
        gradients[i] = gradients_of(total, n, saved[i], {task.about, true, false}, 1.0);
      }
    });
    team.wait();
    team.each(n, [&](Index begin, Index end) {  // what is reduced, through all segments
      for (Index at = begin; at < end;) {
        const Index s = at / length, from = at % length, to = smaller(length, from + end - at);
        const RowsBackward<E> segment = segment_of(op, s);
        for (Index b = 0; b < blocks.count; ++b) {
          const Tile tile = {b * blocks.rows, smaller((b + 1) * blocks.rows, items), from, to};
          const auto [dweight, dbias] = blocks.start(b, n, s * length + from, s * length + to);
          if (dweight) {
            T* mine = partial + s * length;
            k.rows_backward_columns(segment, tile, gradients, {mine, mine + n},
                                    {dweight + s * length, dbias + s * length});
          } else {
            k.rows_backward_columns(segment, tile, gradients, {nullptr, nullptr}, {nullptr, nullptr});
          }
        }
        at += to - from;
      }
      if (blocks.dweight) fold(task, blocks, n, begin, end);
    });
  });
}

}  // namespace

template <class E>
void drive_backward(const Rows& rows, const ReducedBackwardTask<E>& task, Scratch& scratch) {
  using T = Compute<E>;
  const Kernels<E>& k = kernels<E>();
  const Index n = rows.segments * rows.length, items = items_of(rows);
  const bool stream = past_caches<E>(task.dx, items * n, {task.dy, task.x});
  const T* weight = or_constant(task.weight, T(1), n, scratch);
  const RowsBackward<E> op = {rows,       chunks_of<T>(rows),
                              1,          task.dy,
                              task.x,     task.dsummed,
                              task.dx,    weight,
                              task.about, false,
                              stream,     come_from_afar<E>(items * n, 3)};
  const bool parameters = task.dweight || task.dbias;
  const int size = team_size(bytes_of<E>(items * n, 3));

  const Index block = kFlushRows * larger(ceil_div(items, kFlushRows * most_row_blocks(n)), 1);
  const Blocks blocks = {block, ceil_div(items, block)};
  const Index units = parameters ? blocks.count : ceil_div(items, 4);
  const bool wide = n >= larger(kLeastWide, kLeastColumns * size);
  if (rows.segments > 1 || (units < size && wide)) {
    share_columns(op, task, blocks, size, scratch);
  } else if (parameters) {
    share_blocks(op, task, blocks, size, scratch);
  } else {
    parallel(size, [&](const Team& team) {
      team.each(items, [&](Index begin, Index end) {
        k.rows_backward_block(op, begin, end, task.mean, task.rstd, {nullptr, nullptr}, {nullptr, nullptr});
      });
    });
  }
}

template void drive_backward(const Rows&, const ReducedBackwardTask<float>&, Scratch&);
template void drive_backward(const Rows&, const ReducedBackwardTask<double>&, Scratch&);
template void drive_backward(const Rows&, const ReducedBackwardTask<float16>&, Scratch&);
template void drive_backward(const Rows&, const ReducedBackwardTask<bfloat16>&, Scratch&);

}  // namespace simdnorm
