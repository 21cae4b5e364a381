// Where a norm forgets its name: from layers and channels to rows and columns.
#pragma once

#include <variant>

#include "api/lists.hpp"
#include "problem.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {

using Problem = std::variant<Rows, Columns>;

/// Reduced over (segments, length). What lies together in memory is one axis; the reduced one is contiguous, or the
/// kept one is.
inline Problem lower_rows(const RowLayout& l, Scratch& scratch) {
  if (l.length == 1 && l.middle * l.inner > 1) return Columns{l.outer, l.segments, l.middle * l.inner};
  if (l.inner > 1) {
    if (l.segments == 1) return Columns{l.outer * l.middle, l.length, l.inner};
    if (l.middle == 1) return Columns{l.outer, l.segments * l.length, l.inner};
    return Columns{l.outer * l.middle, l.segments * l.length, l.inner, segment_lines(l, scratch)};
  }
  if (l.segments == 1) return Rows{l.outer * l.middle, 1, 1, l.length};
  if (l.middle == 1) return Rows{l.outer, 1, 1, l.segments * l.length};
  return Rows{l.outer, l.segments, l.middle, l.length};
}

/// Reduced over all but the channels and, for `samples` > 1, the samples; parameters along the channels. Channels that
/// are neighbours in memory are columns; a single one is a row.
inline Problem lower_channels(const ChannelLayout& l, Index samples) {
  const Index outer = l.samples * l.outer / samples;
  if (l.channels == 1) return Rows{samples, 1, 1, outer * l.inner};
  if (l.inner == 1) return Columns{samples, outer, l.channels};
  return Rows{samples, outer, l.channels, l.inner};
}

/// The same of what a mask lets count; where that is all, as if there were no mask. T is what is summed in.
template <class T>
Problem lower_channels(const ChannelLayout& l, Index samples, const Mask& mask, Scratch& scratch) {
  const Index outer = l.samples * l.outer / samples;
  if (!mask.values) return lower_channels(l, samples);
  const Mask ours = held(l, mask, scratch);
  if (l.inner == 1 && !mask.along_channels) {
    const LineList* lines = masked_lines(l, samples, ours, scratch);
    return lines ? Problem(Columns{samples, outer, l.channels, lines}) : lower_channels(l, samples);
  }
  const RunList* runs = masked_runs<T>(l, samples, ours, scratch);
  return runs ? Problem(Rows{samples, outer, l.channels, l.inner, runs}) : lower_channels(l, samples);
}

}  // namespace simdnorm
