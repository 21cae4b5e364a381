// What a norm is once its name is forgotten: a loop shape over dense memory.
//
//   Rows     the reduced axis is contiguous. Memory is (outer, segments, kept, length); item (o, k), a kept position,
//            is reduced over its `segments` of `length` elements.
//   Columns  the kept axis is contiguous. Memory is (outer, rows, columns); item (o, c), a column, is reduced over its
//            rows.
//
// A mask, or more axes than these, is a list of what belongs to an item. Everything below the lowering speaks of these
// two only.
#pragma once

#include "attributes.hpp"
#include "simdnorm/types.hpp"

namespace simdnorm {

/// Neighbours in memory that belong to an item, `offset` elements after its first.
struct Run {
  Index offset;
  Index length;
};

/// Runs [first, first + runs) of a list.
struct RunChunk {
  Index first;
  Index runs;
  Index count;  // elements
};

/// What counts of an item under a mask. Neighbouring items share a list, so many of them as `items`.
struct RunList {
  Index items;
  Index per_item;  // chunks, as many in every list: those that a list has no use for are empty
  const Run* runs;
  const RunChunk* chunks;   // (lists, per_item)
  const Index* counts;      // (lists), elements
  const Run* gaps;          // what does not count
  const Index* gaps_begin;  // (lists + 1)
};

struct Rows {
  Index outer;
  Index segments;
  Index kept;
  Index length;
  const RunList* list = nullptr;  // null: every element counts
};

/// Which rows belong to an outer position of Columns, in their order, numbered from the first in memory.
struct LineList {
  const Index* lines;
  const Index* begin;  // (outer + 1)
  const Index* gaps;   // rows that do not count
  Index gaps_count;
};

struct Columns {
  Index outer;
  Index rows;  // at most
  Index columns;
  const LineList* list = nullptr;  // null: row r of outer position o is o * rows + r
};

/// What moments are taken about.
enum class About { mean, zero };

/// Along which axes the parameters run.
enum class Along { reduced, kept };

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
  Index stride;               // from segment to segment
  Index position;             // of its first element among the item's, for parameters along them
  Index count;                // elements
  const Run* runs = nullptr;  // instead of regular segments

  Run run(Index s) const {
    return runs ? Run{offset + runs[s].offset, runs[s].length} : Run{offset + s * stride, length};
  }
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

inline Index items_of(const Rows& rows) { return rows.outer * rows.kept; }

/// Whether each item is one row, and has its statistics for itself.
inline bool are_plain(const Rows& rows, Index group) { return rows.segments == 1 && group == 1 && !rows.list; }

/// Whether each item is one short row, which is summed as a whole.
inline bool are_chunks(const Rows& rows, const Chunks& chunks) {
  return rows.segments == 1 && chunks.per_item == 1 && !rows.list;
}

/// Where item (o, k) begins.
SIMDNORM_INLINE inline Index item_offset(const Rows& rows, Index item) {
  if (rows.segments == 1 || rows.outer == 1) return item * rows.length;
  return (item / rows.kept * rows.segments * rows.kept + item % rows.kept) * rows.length;
}

/// How many additions an accumulator makes for a segment: each begins with the first accumulator again, so what counts
/// is what each of the four takes in, not elements. Segments of a pack or less add to the same few lanes, where no
/// other lane's errors make up for theirs: they count twice.
template <class T>
inline Index additions_of(Index length) {
  constexpr Index row = kChunk<T> / kAdditions;
  return length <= row / 4 ? 2 : ceil_div(length, row);
}

template <class T>
inline Chunks chunks_of(const Rows& rows) {
  if (rows.list) return {rows.list->per_item, 1, 1};
  if (rows.length >= kChunk<T>) {
    const Index pieces = ceil_div(rows.length, kChunk<T>);
    return {rows.segments * pieces, pieces, 1};
  }
  const Index group = smaller(larger(kAdditions / additions_of<T>(rows.length), 1), larger(rows.segments, 1));
  return {ceil_div(rows.segments, group), 1, group};
}

template <class T>
SIMDNORM_INLINE inline Chunk chunk_at(const Rows& rows, const Chunks& chunks, Index item, Index q) {
  const Index begin = item_offset(rows, item), stride = rows.kept * rows.length;
  if (chunks.per_item == 1 && !rows.list) {  // short items are many, and divisions slow
    return {begin, rows.segments, rows.length, stride, 0, rows.segments * rows.length};
  }
  if (rows.list) {
    const RunChunk& listed = rows.list->chunks[item / rows.list->items * chunks.per_item + q];
    return {begin, listed.runs, 0, 0, 0, listed.count, rows.list->runs + listed.first};
  }
  const Index segment = q / chunks.pieces * chunks.group;
  const Index within = q % chunks.pieces * kChunk<T>;
  const Index segments = smaller(chunks.group, rows.segments - segment);
  const Index length = smaller(chunks.pieces == 1 ? rows.length : kChunk<T>, rows.length - within);
  return {begin + segment * stride + within, segments,         length, stride,
          segment * rows.length + within,    segments * length};
}

/// Elements of an item.
inline Index count_of(const Rows& rows, Index item) {
  return rows.list ? rows.list->counts[item / rows.list->items] : rows.segments * rows.length;
}

/// Rows of an outer position.
inline Index rows_at(const Columns& columns, Index outer) {
  return columns.list ? columns.list->begin[outer + 1] - columns.list->begin[outer] : columns.rows;
}

/// Where the rows of one outer position begin.
struct Lines {
  const Index* listed;
  Index first, stride;

  Lines(const Columns& columns, Index outer)
      : listed(columns.list ? columns.list->lines + columns.list->begin[outer] : nullptr),
        first(columns.list ? 0 : outer * columns.rows * columns.columns),
        stride(columns.columns) {}
  Index operator()(Index row) const { return first + (listed ? listed[row] : row) * stride; }

  /// From one to the next of `count` rows from `row` on; 0 where they are not evenly apart.
  Index step(Index row, Index count) const {
    if (!listed) return stride;
    const Index apart = count > 1 ? listed[row + 1] - listed[row] : 1;
    for (Index r = 2; r < count; ++r) {
      if (listed[row + r] - listed[row + r - 1] != apart) return 0;
    }
    return apart * stride;
  }
};

}  // namespace
}  // namespace simdnorm
