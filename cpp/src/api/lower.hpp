// Where a norm forgets its name: from layer and channel to rows and columns.
#pragma once

#include <variant>

#include "problem.hpp"

namespace simdnorm {

using Problem = std::variant<Rows, Columns>;

/// (rows, length), statistics per row.
inline Rows lower_rows(Index rows, Index length) { return {rows, 1, length, length, length}; }

/// (outer, channels, inner), statistics per channel: rows of `inner` elements, a segment for each outer position;
/// or columns where channels are neighbours in memory. A single channel is one long row.
inline Problem lower_channels(const ChannelLayout& layout) {
  if (layout.channels == 1) return lower_rows(1, layout.outer * layout.inner);
  if (layout.inner == 1) return Columns{layout.outer, layout.channels};
  return Rows{layout.channels, layout.outer, layout.inner, layout.inner, layout.channels * layout.inner};
}

}  // namespace simdnorm
