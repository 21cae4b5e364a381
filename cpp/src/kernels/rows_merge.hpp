// Rows: the moments of chunks become those of the items that share statistics. The chunks of a row are merged first, in
// their order and side by side with those of other rows; then the rows, in theirs.
#pragma once

#include "kernels/item_statistics.hpp"
#include "kernels/rows_moments.hpp"

namespace simdnorm {
namespace {

constexpr Index kRowsAbreast = 32;

/// Moments of rows, or of groups of them, that are cut alike.
struct RowsAbreast {
  double room[10][kRowsAbreast];
  MomentEntries whole = {room[0], room[1], room[2], room[3], room[4]};
  MomentEntries part = {room[5], room[6], room[7], room[8], room[9]};

  /// Of `parts` each, the p-th of which holds size(p) values.
  template <class Size>
  void merge(const Moments* moments, Index rows, Index parts, Size size) {
    for (Index r = 0; r < rows; ++r) whole.set(r, moments[r * parts]);
    for (Index p = 1, count = size(Index{0}); p < parts; count += size(p++)) {
      for (Index r = 0; r < rows; ++r) part.set(r, moments[r * parts + p]);
      join_moments(whole, part, 0, rows, count, size(p));
    }
  }
};

template <class E>
inline GrowingMoments merged_in_pieces(const RowsForward<E>& op, const Moments* moments) {
  const Index pieces = op.chunks.pieces, chunks = op.group * op.chunks.per_item;
  GrowingMoments growing;
  RowsAbreast abreast;
  for (Index q = 0; q < chunks; q += kRowsAbreast * pieces) {
    const Index rows = smaller(kRowsAbreast, (chunks - q) / pieces);
    abreast.merge(moments + q, rows, pieces, [&](Index p) SIMDNORM_INLINE {
      return smaller(kChunk<Compute<E>>, op.rows.length - p * kChunk<Compute<E>>);
    });
    for (Index r = 0; r < rows; ++r) growing.take(abreast.whole.at(r), op.rows.length);
  }
  return growing;
}

/// Under a mask, where chunks that begin in the same row are merged first: if all of it counts, that is all its chunks.
template <class E>
inline GrowingMoments merged_in_runs(const RowsForward<E>& op, Index g, const Moments* moments) {
  GrowingMoments growing, of_row;
  Index row = -1;
  for_chunks(op, g, [&](const Chunk& chunk, Index item, Index q) {
    if (chunk.count == 0) return;
    const Index segment = (chunk.run(0).offset - chunk.offset) / (op.rows.kept * op.rows.length);
    const Index here = item * op.rows.segments + segment;
    if (here != row) {
      growing.take(of_row.moments, of_row.count);
      of_row = {};
      row = here;
    }
    of_row.take(moments[(item - g * op.group) * op.chunks.per_item + q], chunk.count);
  });
  growing.take(of_row.moments, of_row.count);
  return growing;
}

/// Of group `g`, whose chunks' moments begin at `moments`.
template <class E>
inline GrowingMoments merged(const RowsForward<E>& op, Index g, const Moments* moments) {
  if (op.rows.list) return merged_in_runs(op, g, moments);
  if (op.chunks.pieces > 1) return merged_in_pieces(op, moments);
  GrowingMoments growing;
  for_chunks(op, g, [&](const Chunk& chunk, Index item, Index q) {
    growing.take(moments[(item - g * op.group) * op.chunks.per_item + q], chunk.count);
  });
  return growing;
}

}  // namespace
}  // namespace simdnorm
