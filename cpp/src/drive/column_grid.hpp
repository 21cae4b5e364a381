// How the drivers of Columns cut: slabs of outer positions, one after the other, so that what a pass has read is still
// in the caches for the next; in a slab, blocks of rows by stripes of columns. Blocks decide the order of summation;
// slabs and stripes only who does the work, and when.
#pragma once

#include "drive/common.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

constexpr Index kBlockRows = 4 * kSpanRows;  // spans that are merged where they are summed, by vectors of columns
constexpr Index kSlabBytes = Index{1} * 1024 * 1024;

/// Outer positions of a slab.
template <class E>
Index slab_of(const Columns& columns) {
  return smaller(columns.outer, larger(kSlabBytes / larger(bytes_of<E>(columns.rows * columns.columns, 1), 1), 1));
}

/// Whether an output goes past the caches: only where all rows stand at the same place in their cache lines, and packs
/// fill one. Half a line for each of eight rows in turn is more than a processor gathers before it writes.
template <class E>
bool past_caches(const Columns& columns, const E* output, std::initializer_list<const E*> inputs) {
  return kMemoryBytes<E> == kPackBytes && same_place<E>(columns.columns) &&
         past_caches(output, elements_of(columns), inputs);
}

/// Blocks of rows, for sums: of one outer position, by its own rows, so that it is summed as if it were alone.
inline Index summed_rows(const Columns& columns, Index outer) {
  return block_rows(rows_at(columns, outer), kBlockRows);
}
inline Index summed_blocks(const Columns& columns, Index outer) {
  return ceil_div(rows_at(columns, outer), summed_rows(columns, outer));
}

/// Tiles of the outer positions [first, last).
struct Grid {
  Columns columns;
  Index first, last;
  Index rows;             // of a tile; 0: those of a block of sums
  Index stripe;           // columns of a tile
  Index blocks, stripes;  // of an outer position, at most

  Index tiles() const { return (last - first) * blocks * stripes; }
  Index block(Index t) const { return t / stripes % blocks; }
  Tile tile(Index t) const {
    const Index outer = first + t / (stripes * blocks), count = rows_at(columns, outer);
    const Index height = rows > 0 ? rows : summed_rows(columns, outer);
    const Index row = smaller(block(t) * height, count), col = t % stripes * stripe;
    return {row, smaller(row + height, count), col, smaller(col + stripe, columns.columns), outer};
  }

  /// work(tile, t) for tiles [begin, end) that have rows.
  template <class Work>
  void each(Index begin, Index end, Work work) const {
    for (Index t = begin; t < end; ++t) {
      const Tile part = tile(t);
      if (part.row_begin < part.row_end) work(part, t);
    }
  }
};

inline Grid summation_grid(const Columns& columns, Index first, Index last) {
  const Index blocks = smaller(kMostBlocks, ceil_div(columns.rows, kBlockRows));
  return {columns, first, last, 0, kStripeColumns, blocks, ceil_div(columns.columns, kStripeColumns)};
}

inline Grid grid_of(const Columns& columns, Index first, Index last, Index stripe) {
  constexpr Index rows = 64;
  return {columns, first, last, rows, stripe, ceil_div(columns.rows, rows), ceil_div(columns.columns, stripe)};
}

/// For work without sums: whole rows in a tile where there are many, so that memory is walked straight on.
inline Grid elementwise_grid(const Columns& columns, Index first, Index last) {
  return grid_of(columns, first, last, columns.rows >= 64 * kMostBlocks ? columns.columns : 4 * kStripeColumns);
}

/// Entries of the outer positions of a slab, as column kernels read them: one a column, and the first ones again (see
/// entries_at()).
template <class T>
struct Entries {
  Index columns, outers;

  Index all() const { return entries_at<T>(columns, outers); }
  /// put(place) for each place of column c.
  template <class Put>
  void each(Index outer, Index c, Put put) const {
    const Index begin = entries_at<T>(columns, outer), end = entries_at<T>(columns, outer + 1);
    for (Index place = begin + c; place < end; place += columns) put(place);
  }
};

/// How columns are standardized, filled from one struct a column.
template <class T>
struct ColumnArrays {
  Entries<T> entries;
  T *prescale, *mean, *rstd, *shift, *rstd_low;

  ColumnArrays(Index columns, Index outers, Scratch& scratch)
      : entries{columns, outers},
        prescale(scratch.take<T>(5 * entries.all())),
        mean(prescale + entries.all()),
        rstd(mean + entries.all()),
        shift(rstd + entries.all()),
        rstd_low(shift + entries.all()) {}
  void set(Index outer, Index c, const Standardizer<T>& s) const {
    entries.each(outer, c, [&](Index i) {
      prescale[i] = s.prescale;
      mean[i] = s.mean;
      rstd[i] = s.rstd;
      shift[i] = s.shift;
      rstd_low[i] = s.rstd_low;
    });
  }
  /// Prescales are 1 but for rare columns; kernels are told only then.
  ColumnStandardizers<T> read(bool prescaled) const {
    return {prescaled ? prescale : nullptr, mean, rstd, shift, rstd_low};
  }
};

}  // namespace
}  // namespace simdnorm
