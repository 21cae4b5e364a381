// How the norms see x: where their parameters and statistics run, and the layout that tells the kernels.
#pragma once

#include "checked.hpp"
#include "outline.hpp"
#include "views.hpp"

namespace simdnorm::bind {

/// x as it came from users, where it can be seen at a glance.
template <class Layout>
struct Seen {
  Layout layout;
  View x, parameter;  // any parameter; x where there is none
  bool last = false;  // whether x has its channels last
  Shape parameters;
  Shape statistics() const { return {statistic_extents, statistic_axes}; }

  Index values = 0;  // that each statistic is taken of
  std::size_t statistic_axes = 0;
  Extent statistic_extents[kMostAxes];
};

/// Parameters run along the reduced axes, statistics have 1 there.
struct Rows {
  using Layout = RowLayout;
  static Sizes sizes(const RowLayout& l) {
    const Index kept = l.outer * l.middle * l.inner, reduced = l.segments * l.length;
    return {kept * reduced, reduced, kept};
  }
  static ChannelLayout channels(const RowLayout&) { return {}; }
};

/// normalized_shape, axis: a trailing shape says what is reduced.
struct GivenRows : Rows {
  static bool see(Outline& given, Seen<RowLayout>& seen);
};

/// axis: as many trailing axes are reduced as weight has, or one.
struct FoundRows : Rows {
  static bool see(Outline& given, Seen<RowLayout>& seen);
};

/// channel_axis, mask: parameters run along the channels, and so do statistics.
struct Channels {
  using Layout = ChannelLayout;
  static Sizes sizes(const ChannelLayout& l) {
    return {l.samples * l.outer * l.channels * l.inner, l.channels, l.channels};
  }
  static ChannelLayout channels(const ChannelLayout& l) { return l; }
  static bool see(Outline& given, Seen<ChannelLayout>& seen);
};

/// The same, with statistics for each sample; for its groups, where the operands say so.
struct ChannelsOfSamples : Channels {
  static Sizes sizes(const ChannelLayout& l) {
    return {l.samples * l.outer * l.channels * l.inner, l.channels, l.samples * l.channels};
  }
  static bool see(Outline& given, Seen<ChannelLayout>& seen);
};

/// An exact int that fits.
bool integer(PyObject* object, Index& value);

}  // namespace simdnorm::bind
