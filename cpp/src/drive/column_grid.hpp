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
constexpr Index kSlabColumns = 512;       // at least: shorter pieces of rows a power of two apart share few sets
constexpr Index kMostSlabColumns = 1024;  // at most: their parameters are to stay in the first cache
constexpr Index kAheadBytes = 4096;

/// What is worked on at once: columns [col_begin, col_end) of the outer positions [first, last).
struct Slab {
  Index first, last, col_begin, col_end;
  Index number = 0;
  Index to_next = 0;  // from an element to its like in the slab that follows; 0: none does
};

/// All slabs of a problem: several outer positions, or some of the columns of one.
struct Slabs {
  Columns columns;
  Index outers, width;  // of a slab
  bool cached;          // whether a slab stays in the second cache, and leaves room for the next

  Index across() const { return larger(ceil_div(columns.columns, width), 1); }
  Index count() const { return ceil_div(columns.outer, outers) * across(); }
  Slab at(Index s) const {
    const Index first = s / across() * outers, j = s % across();
    return {first, smaller(first + outers, columns.outer), j * width, smaller((j + 1) * width, columns.columns), s};
  }
  Slab at(Index s, bool more) const {
    Slab here = at(s);
    const Slab next = at(s + 1);
    const Index outer = columns.rows * columns.columns;
    if (more) here.to_next = (next.first - here.first) * outer + next.col_begin - here.col_begin;
    return here;
  }
};

/// `arrays` are read. Statistics are shared by `group` columns, which stay together.
template <class E>
Slabs slabs_of(const Columns& columns, int arrays, Index group) {
  const Index n = columns.columns, bytes = larger(bytes_of<E>(columns.rows * n, arrays), 1);
  const Index outers = smaller(columns.outer, larger(kSlabBytes / bytes, 1));
  if (bytes <= kSlabBytes) return {columns, outers, larger(n, 1), true};
  const Index fit = kSlabBytes / bytes_of<E>(columns.rows, arrays) / kSlabColumns * kSlabColumns;
  if (fit == 0 || kSlabColumns % group != 0) return {columns, 1, n, false};
  return {columns, 1, smaller(fit, kMostSlabColumns), true};
}

/// Tiles of a slab.
struct Grid {
  Columns columns;
  Slab slab;
  Index rows;             // of a tile; 0: those of a block of sums, by an outer position's own rows
  Index least;            // rows of a block
  Index stripe;           // columns of a tile
  Index blocks, stripes;  // of an outer position, at most

  Index tiles() const { return (slab.last - slab.first) * blocks * stripes; }
  Index block(Index t) const { return t / stripes % blocks; }
  Tile tile(Index t) const {
    const Index outer = slab.first + t / (stripes * blocks), count = rows_at(columns, outer);
    const Index height = rows > 0 ? rows : block_rows(count, least);
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

/// How a problem is cut. Blocks and lines decide the order of summation; slabs and stripes only who does the work, and
/// when.
struct Cut {
  Columns columns;
  Index abreast;  // rows of a line

  Index width() const { return abreast * columns.columns; }

  /// Blocks of rows, for sums: of one outer position, by its own rows, so that it is summed as if it were alone.
  Index block_height(Index outer) const { return block_rows(rows_at(columns, outer), kBlockLines * abreast); }
  Index most_blocks() const { return smaller(kMostBlocks, ceil_div(columns.rows, kBlockLines * abreast)); }
  Grid sums(const Slab& slab) const {
    const Index stripes = ceil_div(slab.col_end - slab.col_begin, kStripeColumns);
    return {columns, slab, 0, kBlockLines * abreast, kStripeColumns, most_blocks(), stripes};
  }

  Grid tiles(const Slab& slab, Index lines, Index stripe) const {
    const Index rows = lines * abreast;
    return {
        columns, slab, rows, 0, stripe, ceil_div(columns.rows, rows), ceil_div(slab.col_end - slab.col_begin, stripe)};
  }
  /// For work without sums: whole rows in a tile where there are many, so that memory is walked straight on.
  Grid tiles(const Slab& slab) const {
    const bool many = columns.rows >= kTileLines * kMostBlocks;
    return tiles(slab, kTileLines, many ? larger(columns.columns, 1) : 2 * kStripeColumns);
  }

  /// Whether an output goes past the caches: only where all lines stand at the same place in their cache lines.
  template <class E>
  bool past_caches(const E* output, std::initializer_list<const E*> inputs) const {
    return same_place<E>(width()) && simdnorm::past_caches(output, elements_of(columns), inputs);
  }

  /// How far ahead of a pass that walks forward its memory may come nearer: a few groups of lines.
  template <class E>
  Index ahead() const {
    const Index group = 8 * width();
    return group * ceil_div(kAheadBytes, larger(bytes_of<E>(group, 1), 1));
  }
};

/// work(slab, team) for slabs [first, last), one after the other: slabs of its own to each member if they are to work
/// apart, else all members on each.
template <class Work>
void for_slabs(const Slabs& slabs, Index first, Index last, bool apart, const Team& team, Work work) {
  const auto walk = [&](Index begin, Index end, const Team& members) {
    for (Index s = begin; s < end; ++s) {
      work(slabs.at(s, s + 1 < end), members);
      if (s + 1 < end) members.wait();  // the next slab takes the arrays
    }
  };
  if (apart) {
    team.each(last - first, [&](Index begin, Index end) { walk(first + begin, first + end, Team(0, 1)); });
  } else {
    walk(first, last, team);
  }
}

/// work(o, begin, end) for this member's share of a slab's columns, `group` of which stay together; o counts outer
/// positions from the slab's first.
template <class Work>
void for_columns(const Slab& slab, Index group, const Team& team, Work work) {
  const Index groups = (slab.col_end - slab.col_begin) / group;
  team.each((slab.last - slab.first) * groups, [&](Index begin, Index end) {
    while (begin < end) {
      const Index o = begin / groups, stop = smaller(end, (o + 1) * groups);
      work(o, slab.col_begin + (begin - o * groups) * group, slab.col_begin + (stop - o * groups) * group);
      begin = stop;
    }
  });
}

/// Entries of the outer positions of a slab, as column kernels read them: those of a line, and the first ones again
/// (see entries_of()).
template <class T>
struct Entries {
  Index columns, width, outers;

  Index all() const { return outers * entries_of<T>(width); }
  Index at(Index outer) const { return outer * entries_of<T>(width); }
  /// What stands in the places of columns [begin, end), again in all others that are theirs.
  void repeat(T* entries, Index outer, Index begin, Index end) const {
    T* own = entries + at(outer);
    const Index places = entries_of<T>(width);
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
