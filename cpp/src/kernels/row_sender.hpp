// Rows that are made side by side, and sent past the caches in whole lines.
#pragma once

#include "kernels/item_lanes.hpp"
#include "kernels/send.hpp"

namespace simdnorm {
namespace {

template <class E>
using RowSender = LineSender<E, 3072>;

/// Whether rows of `n` elements are better sent so than written past the caches pack by pack: short ones, and those of
/// 16 bits, of which a pack is but half a line. Of others, too much would go at once.
template <class E>
bool sends_rows(const E* to, Index n) {
  const bool fill_lines = past_line(to) == 0 && in_step<E>(n);
  const bool worth_it = sizeof(E) == 2 || (n < 16 * kLineElements<E> && !fill_lines);
  return worth_it && kSideBySide * n <= RowSender<E>::kRoom;
}

}  // namespace
}  // namespace simdnorm
