// In what portions the drivers of Columns work: one slab after the other, so that what a pass has read is still in the
// caches for the next. Slabs decide only who does the work, and when.
#pragma once

#include "drive/common.hpp"

namespace simdnorm {
namespace {

constexpr Index kSlabColumns = 512;       // at least: shorter pieces of rows a power of two apart share few sets
constexpr Index kMostSlabColumns = 1024;  // at most: their parameters are to stay in the first cache

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
  const Index outers = smaller(columns.outer, larger(kLimits.column_slab / bytes, 1));
  if (bytes <= kLimits.column_slab) return {columns, outers, larger(n, 1), true};
  const Index fit = kLimits.column_slab / bytes_of<E>(columns.rows, arrays) / kSlabColumns * kSlabColumns;
  if (fit == 0 || kSlabColumns % group != 0) return {columns, 1, n, false};
  return {columns, 1, smaller(fit, kMostSlabColumns), true};
}

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

}  // namespace
}  // namespace simdnorm
