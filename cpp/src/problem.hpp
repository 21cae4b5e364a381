// What a norm is once its name is forgotten: a loop shape over dense memory.
//
//   Rows     the reduced axis is contiguous. Item k (a kept position) owns `segments` pieces of `length` elements,
//            piece s starting at k * item_stride + s * segment_stride.
//   Columns  the kept axis is contiguous: a dense (rows, columns) matrix whose rows are summed away.
//
// Everything below the lowering speaks of these two only.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

struct Rows {
  Index items;
  Index segments;
  Index length;
  Index item_stride;
  Index segment_stride;
};

struct Columns {
  Index rows;
  Index columns;
};

/// How an item is cut for summation: by shape alone, so that the bits cannot depend on who does the work.
/// A long segment is cut in `pieces`; of short segments, `group` whole ones make a chunk. One of the two is 1.
struct Chunks {
  Index per_item;
  Index pieces;  // chunks of one segment
  Index group;   // segments of one chunk
};

struct Chunk {
  Index offset;  // from the first element of x
  Index segments;
  Index length;
  Index count;  // segments * length
};

namespace {  // compiled once per instruction set, so nothing may be shared between objects

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index larger(Index a, Index b) { return a > b ? a : b; }
inline Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// What an accumulator takes in before it is folded in double: enough to hide a horizontal sum, few enough for plain
/// summation. A chunk gives 16 packs of 64 bytes to each of four accumulators.
constexpr Index kAdditions = 16;
template <class T>
constexpr Index kChunk = kAdditions * 4 * (64 / static_cast<Index>(sizeof(T)));

template <class T>
inline Chunks chunks_of(const Rows& rows) {
  if (rows.length >= kChunk<T>) {
    const Index pieces = ceil_div(rows.length, kChunk<T>);
    return {rows.segments * pieces, pieces, 1};
  }
  // Every segment begins with the first accumulator again: count what each of the four takes in, not elements.
  const Index additions = larger(ceil_div(rows.length, kChunk<T> / kAdditions), 1);
  const Index group = smaller(larger(kAdditions / additions, 1), larger(rows.segments, 1));
  return {ceil_div(rows.segments, group), 1, group};
}

template <class T>
inline Chunk chunk_at(const Rows& rows, const Chunks& chunks, Index item, Index q) {
  if (chunks.per_item == 1) {  // short items are many, and divisions slow
    return {item * rows.item_stride, rows.segments, rows.length, rows.segments * rows.length};
  }
  const Index segment = q / chunks.pieces * chunks.group;
  const Index begin = q % chunks.pieces * kChunk<T>;
  const Index segments = smaller(chunks.group, rows.segments - segment);
  const Index length = smaller(chunks.pieces == 1 ? rows.length : kChunk<T>, rows.length - begin);
  return {item * rows.item_stride + segment * rows.segment_stride + begin, segments, length, segments * length};
}

}  // namespace
}  // namespace simdnorm
