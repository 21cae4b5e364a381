// In what portions the drivers of Rows work: slabs of neighbouring items, so few that what a first pass has read is
// still in the second cache for the next, and so many that what lies together in memory is worth going there for.
// Slabs decide only who does the work, and when.
#pragma once

#include "drive/common.hpp"

namespace simdnorm {
namespace {

constexpr Index kStripBytes = Index{16} * 1024;  // of a slab in each segment, if all its segments fit

/// How far ahead of a reader that goes through memory as it lies.
template <class E>
constexpr Index kReadAhead = 1024 / static_cast<Index>(sizeof(E));

/// Slabs of `groups` groups, `group` items each. In segments, none goes beyond its outer position.
struct Slabs {
  Rows rows;
  Index group, groups;
  Index read_ahead;  // where a slab and the next do not fit the second cache together; else the next is asked for

  /// work(begin, end) for groups [begin, end), slab by slab.
  template <class Work>
  void each(Index begin, Index end, Work work) const {
    const Index together = rows.segments == 1 ? end : rows.kept / group;
    while (begin < end) {
      const Index next = smaller(smaller(begin + groups, end), (begin / together + 1) * together);
      work(begin, next);
      begin = next;
    }
  }

  /// Where the items of groups [begin, end) are in memory.
  Strips strips(Index begin, Index end) const {
    const Index length = (end - begin) * group * rows.length;
    return {item_offset(rows, begin * group), length, read_ahead > 0 ? read_ahead : length, rows.segments,
            rows.kept * rows.length};
  }
};

/// `arrays` are read.
template <class E>
Slabs slabs_of(const Rows& rows, Index group, int arrays) {
  const Index row = larger(bytes_of<E>(rows.length, arrays), 1), item = row * larger(rows.segments, 1);
  const Index items = smaller(kLimits.row_slab / item, ceil_div(kStripBytes * arrays, row));
  const Index groups = larger(items / group, 1);
  return {rows, group, groups, groups * group * item <= 2 * kLimits.row_slab ? 0 : kReadAhead<E>};
}

/// The last pass, which writes: strip after strip as memory lies, or run after run where a mask leaves only these.
template <class E, class Strip, class Run>
struct LastPass {
  Rows rows;
  Index chunks;  // of a group
  Strip strip;   // strip(strips)
  Run run;       // run(begin, end) for chunks [begin, end)

  void over(const Slabs& slabs, Index begin, Index end) const {
    if (rows.list) {
      run(begin * chunks, end * chunks);
    } else {
      strip(slabs.strips(begin, end));
    }
  }

  /// This member's share of all.
  void over(const Team& team, Index groups) const {
    if (rows.list) {
      team.each(groups * chunks, run);
    } else {
      team.each(elements_of(rows), [&](Index begin, Index end) { strip({begin, end - begin, kReadAhead<E>}); });
    }
  }
};

template <class E, class Strip, class Run>
LastPass<E, Strip, Run> last_pass(const Rows& rows, Index chunks, Strip strip, Run run) {
  return {rows, chunks, strip, run};
}

}  // namespace
}  // namespace simdnorm
