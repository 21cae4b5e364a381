// From a mask, or from axes that two loops cannot walk, to the lists that kernels read.
#pragma once

#include <cstring>

#include "problem.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {

/// Where a mask's value for an element of a channel layout stands.
struct MaskView {
  const std::uint8_t* values;           // as bytes: any but 0 counts, whatever wrote them
  Index sample, outer, channel, inner;  // strides, 0 along axes where the mask is the same
  Index size;                           // of the mask

  MaskView(const ChannelLayout& l, const Mask& mask) : values(reinterpret_cast<const std::uint8_t*>(mask.values)) {
    inner = mask.along_inner ? 1 : 0;
    size = mask.along_inner ? l.inner : 1;
    channel = mask.along_channels ? size : 0;
    size *= mask.along_channels ? l.channels : 1;
    outer = mask.along_outer ? size : 0;
    size *= mask.along_outer ? l.outer : 1;
    sample = mask.along_samples ? size : 0;
    size *= mask.along_samples ? l.samples : 1;
  }
  /// Segment s, counted through samples and outer positions, of a channel.
  const std::uint8_t* at(const ChannelLayout& l, Index s, Index c) const {
    return values + s / l.outer * sample + s % l.outer * outer + c * channel;
  }
};

/// The mask in memory of our own. Lists are made in two passes, one that counts and one that writes: to the caller's
/// another thread may write in between.
inline Mask held(const ChannelLayout& layout, Mask mask, Scratch& scratch) {
  const Index size = MaskView(layout, mask).size;
  mask.values =
      static_cast<const bool*>(std::memcpy(scratch.take<bool>(size), mask.values, static_cast<std::size_t>(size)));
  return mask;
}

/// The lists of Rows{samples, ..., channels, inner}; null where nothing is masked. T is what they are summed in.
template <class T>
const RunList* masked_runs(const ChannelLayout& layout, Index samples, const Mask& mask, Scratch& scratch);

/// The same of Columns{samples, ..., channels}, for a mask that is one for all channels.
const LineList* masked_lines(const ChannelLayout& layout, Index samples, const Mask& mask, Scratch& scratch);

/// The rows of Columns{outer * middle, segments * length, inner} where segments and middle are more than one.
const LineList* segment_lines(const RowLayout& layout, Scratch& scratch);

}  // namespace simdnorm
