// Rows in the order of memory, where what is done to an element depends on no other.
#pragma once

#include "problem.hpp"

namespace simdnorm {
namespace {

/// Neighbours in memory that belong to an item.
struct RowPart {
  Index item;
  Index kept;      // the item's place on the kept axis
  Index position;  // of the first element among the item's
  Index at;        // of the first element in memory
  Index length;
};

/// visit(part) for elements [begin, end), parts of rows at both ends.
template <class Visit>
SIMDNORM_INLINE inline void for_rows(const Rows& rows, Index begin, Index end, Visit visit) {
  const Index length = rows.length, kept = rows.kept, segments = rows.segments;
  if (begin == end) return;
  const Index row = begin / length;
  Index within = begin % length, k = row % kept, s = row / kept % segments, first = row / kept / segments * kept;
  while (begin < end) {
    for (; k < kept && begin < end; ++k) {
      const Index n = smaller(length - within, end - begin);
      visit(RowPart{first + k, k, s * length + within, begin, n});
      begin += n;
      within = 0;
    }
    k = 0;
    if (++s == segments) {
      s = 0;
      first += kept;
    }
  }
}

}  // namespace
}  // namespace simdnorm
