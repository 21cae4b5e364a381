// How the drivers of Columns cut a slab: blocks of rows by stripes of columns for sums, tiles for all else.
#pragma once

#include "drive/blocks.hpp"
#include "drive/column_slabs.hpp"

namespace simdnorm {
namespace {

constexpr Index kPageBytes = 4096;
constexpr Index kAheadBytes = 16 * 1024;
constexpr Index kLeastStripe = 64;          // columns: of floats some cache lines
constexpr Index kTileElements = 64 * 1024;  // many: after each tile all that went past the caches is waited for
constexpr Index kTileColumns = 1024;        // at most: their parameters are to stay in the first cache
constexpr Index kTileLines = 8;             // at least
constexpr Index kShares = 32;               // of the rows, that many threads may have

/// Rows of a block of sums: of those of an outer position, in blocks of like heights and whole parts.
inline Index block_height(Index rows, Index abreast) {
  const Index part = kPartLines * abreast, blocks = line_blocks(rows, abreast);
  return part * ceil_div(larger(rows, 1), part * larger(blocks, 1));
}

/// Tiles of a slab.
struct Grid {
  Columns columns;
  Slab slab;
  Index rows;             // of a tile; 0: those of a block of sums, by an outer position's own rows
  Index abreast;          // rows of a line
  Index stripe;           // columns of a tile
  Index blocks, stripes;  // of an outer position, at most

  Index tiles() const { return (slab.last - slab.first) * blocks * stripes; }
  Index block(Index t) const { return t / stripes % blocks; }
  Tile tile(Index t) const {
    const Index outer = slab.first + t / (stripes * blocks), count = rows_at(columns, outer);
    const Index height = rows > 0 ? rows : block_height(count, abreast);
    const Index row = smaller(block(t) * height, count), col = slab.col_begin + t % stripes * stripe;
    return {row, smaller(row + height, count), col, smaller(col + stripe, slab.col_end), outer};
  }

  /// work(tile, t) for tiles [begin, end) that have rows.
  template <class Work>
  void each(Index begin, Index end, Work work) const {
    for (Index t = begin; t < end; ++t) visit(t, work);
  }
  /// The same from the last to the first: what a pass has read last is what the next one finds in the caches.
  template <class Work>
  void each_backwards(Index begin, Index end, Work work) const {
    for (Index t = end; t-- > begin;) visit(t, work);
  }

 private:
  template <class Work>
  void visit(Index t, Work work) const {
    const Tile part = tile(t);
    if (part.row_begin < part.row_end) work(part, t);
  }
};

/// How a problem is cut. Blocks and lines decide the order of summation; stripes and tiles only who does the work.
struct Cut {
  Columns columns;
  Index abreast;  // rows of a line

  Index width() const { return abreast * columns.columns; }
  /// From a line to the next in memory. Of rows that are listed none are abreast where they are written.
  Index line_stride() const { return columns.list ? columns.columns : width(); }

  /// Blocks of rows, for sums: of one outer position, by its own rows, so that it is summed as if it were alone.
  Index block_height(Index outer) const { return simdnorm::block_height(rows_at(columns, outer), abreast); }
  Index most_blocks() const { return line_blocks(columns.rows, abreast); }
  /// Where there are fewer blocks than members of the team, stripes are narrower, so that all have work.
  Grid sums(const Slab& slab, int size) const {
    const Index across = slab.col_end - slab.col_begin, blocks = most_blocks();
    const Index wanted = abreast == 1 ? ceil_div(size, larger(blocks * (slab.last - slab.first), 1)) : 1;
    const Index narrow = kLeastStripe * ceil_div(larger(across, 1), kLeastStripe * wanted);
    const Index stripe = smaller(narrow, kStripeColumns);
    return {columns, slab, 0, abreast, stripe, blocks, ceil_div(across, stripe)};
  }

  Grid tiles(const Slab& slab, Index lines, Index stripe) const {
    const Index rows = lines * abreast;
    return {columns,
            slab,
            rows,
            abreast,
            stripe,
            ceil_div(columns.rows, rows),
            ceil_div(slab.col_end - slab.col_begin, stripe)};
  }
  /// For work without sums: whole rows but for the longest, so that memory is walked straight on.
  Grid tiles(const Slab& slab) const {
    const Index stripe = smaller(larger(slab.col_end - slab.col_begin, 1), kTileColumns);
    const Index share = ceil_div(columns.rows, kShares * abreast);
    const Index lines = smaller(kTileElements / (stripe * abreast), share);
    return tiles(slab, larger(lines, kTileLines), stripe);
  }

  /// Whether an output goes past the caches: only where all lines stand at the same place in their cache lines. Of 16
  /// bits it takes two stores to fill one, which pays for twice as much.
  template <class E>
  bool past_caches(const E* output, std::initializer_list<const E*> inputs) const {
    return same_place<E>(line_stride()) &&
           simdnorm::past_caches(output, elements_of(columns) * kMemoryBytes<E> / kPackBytes, inputs);
  }

  /// How far ahead of a sum its memory may come nearer: the part that follows.
  template <class E>
  Index ahead_of_sums() const {
    return asks<E>() ? kPartLines * width() : 0;
  }
  /// And of work without sums.
  template <class E>
  Index ahead_of_map() const {
    return asks<E>() ? kAheadBytes / static_cast<Index>(sizeof(E)) : 0;
  }

 private:
  /// Lines as long as a page are streams of their own, which the processor finds by itself, and more of them would
  /// drive each other out.
  template <class E>
  bool asks() const {
    return come_from_afar<E>(elements_of(columns), 1) && bytes_of<E>(width(), 1) < kPageBytes;
  }
};

}  // namespace
}  // namespace simdnorm
