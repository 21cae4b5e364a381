// How the drivers of Columns cut: slabs of outer positions, one after the other, so that what a pass has read is still
// in the caches for the next; in a slab, blocks of rows by stripes of columns.
#pragma once

#include "drive/common.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

constexpr Index kBlockLines = 512;
constexpr Index kTileLines = 64;
constexpr Index kSlabBytes = Index{1} * 1024 * 1024;
constexpr Index kAheadBytes = 4096;

/// What a pass reads of `arrays` arrays while it works on one outer position.
template <class E>
Index outer_bytes(const Columns& columns, int arrays) {
  return bytes_of<E>(columns.rows * columns.columns, arrays);
}

/// Outer positions of a slab.
template <class E>
Index slab_of(const Columns& columns, int arrays) {
  return smaller(columns.outer, larger(kSlabBytes / larger(outer_bytes<E>(columns, arrays), 1), 1));
}

/// Tiles of the outer positions [first, last).
struct Grid {
  Columns columns;
  Index first, last;
  Index rows;             // of a tile; 0: those of a block of sums, by an outer position's own rows
  Index least;            // rows of a block
  Index stripe;           // columns of a tile
  Index blocks, stripes;  // of an outer position, at most

  Index tiles() const { return (last - first) * blocks * stripes; }
  Index block(Index t) const { return t / stripes % blocks; }
  Tile tile(Index t) const {
    const Index outer = first + t / (stripes * blocks), count = rows_at(columns, outer);
    const Index height = rows > 0 ? rows : block_rows(count, least);
    const Index row = smaller(block(t) * height, count), col = t % stripes * stripe;
    return {row, smaller(row + height, count), col, smaller(col + stripe, columns.columns), outer};
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

/// How a problem is cut. Blocks and lines decide the order of summation; slabs and stripes only who does the work, and
/// when.
struct Cut {
  Columns columns;
  Index abreast;  // rows of a line

  Index width() const { return abreast * columns.columns; }

  /// Blocks of rows, for sums: of one outer position, by its own rows, so that it is summed as if it were alone.
  Index block_height(Index outer) const { return block_rows(rows_at(columns, outer), kBlockLines * abreast); }
  Index most_blocks() const { return smaller(kMostBlocks, ceil_div(columns.rows, kBlockLines * abreast)); }
  Grid sums(Index first, Index last) const {
    return {columns,        first,         last,
            0,              kBlockLines * abreast, kStripeColumns,
            most_blocks(), ceil_div(columns.columns, kStripeColumns)};
  }

  Grid tiles(Index first, Index last, Index stripe) const {
    const Index rows = kTileLines * abreast;
    return {columns, first, last, rows, 0, stripe, ceil_div(columns.rows, rows), ceil_div(columns.columns, stripe)};
  }
  /// For work without sums: whole rows in a tile where there are many, so that memory is walked straight on.
  Grid tiles(Index first, Index last) const {
    const bool many = columns.rows >= kTileLines * kMostBlocks;
    return tiles(first, last, many ? larger(columns.columns, 1) : 2 * kStripeColumns);
  }

  /// Whether an output goes past the caches: only where all lines stand at the same place in their cache lines, and
  /// packs fill one. Half a line for each of eight in turn is more than a processor gathers before it writes.
  template <class E>
  bool past_caches(const E* output, std::initializer_list<const E*> inputs) const {
    return kMemoryBytes<E> == kPackBytes && same_place<E>(width()) &&
           simdnorm::past_caches(output, elements_of(columns), inputs);
  }

  /// How far ahead of a pass that walks forward its memory may come nearer: a few groups of lines.
  template <class E>
  Index ahead() const {
    const Index group = 8 * width();
    return group * ceil_div(kAheadBytes, larger(bytes_of<E>(group, 1), 1));
  }
  /// The same for tiles that are walked backwards; the slab after this one, if it can stay in the cache until then.
  template <class E>
  Index ahead_backwards(Index slab, int arrays, bool more) const {
    const bool stays = slab * outer_bytes<E>(columns, arrays) <= kSlabBytes;
    return more && stays ? slab * columns.rows * columns.columns : -ahead<E>();
  }
};

/// work(first, last, more, team), slab by slab: slabs of its own to each member while that shares the outer positions
/// evenly; else all members work on one after the other.
template <class Work>
void for_slabs(Index outers, Index slab, bool apart, const Team& team, Work work) {
  const auto walk = [&](Index begin, Index end, const Team& members) {
    for (Index first = begin; first < end; first += slab) {
      const Index last = smaller(first + slab, end);
      work(first, last, last < end, members);
      if (last < end) members.wait();  // the next slab takes the arrays
    }
  };
  if (apart) {
    team.each(outers, [&](Index begin, Index end) { walk(begin, end, Team(0, 1)); });
  } else {
    walk(0, outers, team);
  }
}

/// work(o, begin, end) for the columns of items [first, last), `columns` of them an outer position.
template <class Work>
void for_columns(Index columns, Index first, Index last, Work work) {
  while (first < last) {
    const Index o = first / columns, end = smaller(last, (o + 1) * columns);
    work(o, first - o * columns, end - o * columns);
    first = end;
  }
}

/// Entries of the outer positions of a slab, as column kernels read them: those of a line, and the first ones again (see
/// entries_at()).
template <class T>
struct Entries {
  Index columns, width, outers;

  Index all() const { return entries_at<T>(width, outers); }
  Index at(Index outer) const { return entries_at<T>(width, outer); }
  /// What stands in the places of columns [begin, end), again in all others that are theirs.
  void repeat(T* entries, Index outer, Index begin, Index end) const {
    T* own = entries + at(outer);
    const Index places = width + kLanes<T>;
    for (Index c = begin; c < smaller(end, places - columns); ++c) {
      for (Index place = c + columns; place < places; place += columns) own[place] = own[c];
    }
  }
};

/// How columns are standardized.
template <class T>
struct ColumnArrays {
  Entries<T> entries;
  T *prescale, *mean, *rstd, *shift, *rstd_low;

  ColumnArrays(const Cut& cut, Index outers, Scratch& scratch)
      : entries{cut.columns.columns, cut.width(), outers},
        prescale(scratch.take<T>(5 * entries.all())),
        mean(prescale + entries.all()),
        rstd(mean + entries.all()),
        shift(rstd + entries.all()),
        rstd_low(shift + entries.all()) {}
  void set(Index outer, Index c, const Standardizer<T>& s) const {
    const Index i = entries.at(outer) + c;
    prescale[i] = s.prescale;
    mean[i] = s.mean;
    rstd[i] = s.rstd;
    shift[i] = s.shift;
    rstd_low[i] = s.rstd_low;
  }
  /// As a backward pass finds them; null means are zero.
  void set_saved(Index outer, Index begin, Index end, const T* means, const T* rstds) const {
    const StandardizerEntries<T> to = at(outer);
    if (means) {
      std::copy(means + begin, means + end, to.mean + begin);
    } else {
      std::fill(to.mean + begin, to.mean + end, T(0));
    }
    std::copy(rstds + begin, rstds + end, to.rstd + begin);
    std::fill(to.shift + begin, to.shift + end, T(0));
    repeat(outer, begin, end);
  }
  /// What only rare columns have.
  void set_ordinary(Index outer, Index begin, Index end) const {
    std::fill(prescale + entries.at(outer) + begin, prescale + entries.at(outer) + end, T(1));
    std::fill(rstd_low + entries.at(outer) + begin, rstd_low + entries.at(outer) + end, T(0));
  }
  void repeat(Index outer, Index begin, Index end) const {
    for (T* array : {prescale, mean, rstd, shift, rstd_low}) entries.repeat(array, outer, begin, end);
  }
  StandardizerEntries<T> at(Index outer) const {
    const Index i = entries.at(outer);
    return {mean + i, rstd + i, shift + i};
  }
  /// Prescales are 1 but for rare columns; kernels are told only then.
  ColumnStandardizers<T> read(bool prescaled) const {
    return {prescaled ? prescale : nullptr, mean, rstd, shift, rstd_low};
  }
};

}  // namespace
}  // namespace simdnorm
