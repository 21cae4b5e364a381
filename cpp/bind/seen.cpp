#include "seen.hpp"

namespace simdnorm::bind {
namespace {

/// How many trailing axes of x `normalized_shape` (an int or a tuple) names; 0 where it does not fit.
Index trailing_axes(PyObject* normalized_shape, Shape x) {
  Index size = 0;
  if (integer(normalized_shape, size)) return !x.empty() && x.back() == size ? 1 : 0;
  if (!PyTuple_CheckExact(normalized_shape)) return 0;
  const Index axes = PyTuple_GET_SIZE(normalized_shape), before = std::ssize(x) - axes;
  if (before < 0) return 0;
  for (Index a = 0; a < axes; ++a) {
    if (!integer(PyTuple_GET_ITEM(normalized_shape, a), size)) return 0;
    if (size != x[static_cast<std::size_t>(before + a)]) return 0;
  }
  return axes;
}

bool see_rows(Index axes, Seen<RowLayout>& seen) {
  const Shape x = seen.x.shape;
  if (axes < 1 || axes > std::ssize(x) || values_in(x) == 0 || !in_order(seen.x)) return false;
  const std::size_t kept = x.size() - static_cast<std::size_t>(axes);
  seen.layout = rows_of(values_in(x.first(kept)), values_in(x.subspan(kept)));
  seen.parameters = x.subspan(kept);
  seen.statistic_axes = x.size();
  for (std::size_t a = 0; a < x.size(); ++a) seen.statistic_extents[a] = a < kept ? x[a] : 1;
  return true;
}

/// The channels' axis, in logical order: samples are the first of the axes before it.
bool see_channels(Outline& given, Seen<ChannelLayout>& seen, Index& channel) {
  const Shape x = seen.x.shape;
  const Index axes = std::ssize(x);
  const bool is_axis = integer(given.rest.next(), channel);
  const bool masked = given.rest.next() != Py_None;
  if (!is_axis || masked || axes < 2 || channel < -axes || channel >= axes || values_in(x) == 0) return false;
  if (channel < 0) channel += axes;
  const auto c = static_cast<std::size_t>(channel);
  seen.parameters = x.subspan(c, 1);
  if (in_order(seen.x)) {
    const Index samples = channel ? x[0] : 1, outer = channel ? values_in(x.subspan(1, c - 1)) : 1;
    seen.layout = {samples, outer, x[c], values_in(x.subspan(c + 1))};
    return true;
  }
  seen.last = channel == 1 && channels_last(seen.x);
  if (seen.last) seen.layout = {x[0], values_in(x.subspan(2)), x[1], 1};
  return seen.last;
}

}  // namespace

bool integer(PyObject* object, Index& value) {
  if (!PyLong_CheckExact(object)) return false;
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0;
}

bool GivenRows::see(Outline& given, Seen<RowLayout>& seen) {
  PyObject* normalized_shape = given.rest.next();
  return given.rest.next() == Py_None && see_rows(trailing_axes(normalized_shape, seen.x.shape), seen);
}

bool FoundRows::see(Outline& given, Seen<RowLayout>& seen) {
  const Index axes = given.has_parameter() ? std::ssize(seen.parameter.shape) : 1;
  return given.rest.next() == Py_None && see_rows(axes, seen);
}

bool Channels::see(Outline& given, Seen<ChannelLayout>& seen) {
  Index channel = 0;
  if (!see_channels(given, seen, channel)) return false;
  seen.values = seen.layout.samples * seen.layout.outer * seen.layout.inner;
  seen.statistic_axes = 1;
  seen.statistic_extents[0] = seen.layout.channels;
  return true;
}

bool ChannelsOfSamples::see(Outline& given, Seen<ChannelLayout>& seen) {
  Index channel = 0;
  // Channels that stand first come before the samples: they change places, which takes a copy.
  if (!see_channels(given, seen, channel) || channel == 0) return false;
  seen.values = seen.layout.outer * seen.layout.inner;
  seen.statistic_axes = 2;
  seen.statistic_extents[0] = seen.layout.samples;
  seen.statistic_extents[1] = seen.layout.channels;
  return true;
}

}  // namespace simdnorm::bind
