#include "seen.hpp"

namespace simdnorm::bind {
namespace {

bool some_elements(const ArrayProxy* x) {
  for (const Extent n : shape_of(x)) {
    if (n == 0) return false;
  }
  return true;
}

/// How many trailing axes of x `normalized_shape` (an int or a tuple) names; 0 where it does not fit.
int trailing_axes(PyObject* normalized_shape, const ArrayProxy* x) {
  Index size = 0;
  if (integer(normalized_shape, size)) return x->nd >= 1 && x->dimensions[x->nd - 1] == size ? 1 : 0;
  if (!PyTuple_CheckExact(normalized_shape) || PyTuple_GET_SIZE(normalized_shape) > x->nd) return 0;
  const auto axes = static_cast<int>(PyTuple_GET_SIZE(normalized_shape));
  for (int a = 0; a < axes; ++a) {
    if (!integer(PyTuple_GET_ITEM(normalized_shape, a), size)) return 0;
    if (size != x->dimensions[x->nd - axes + a]) return 0;
  }
  return axes;
}

bool see_rows(const ArrayProxy* x, int axes, Seen<RowLayout>& seen) {
  if (axes < 1 || axes > x->nd || !some_elements(x)) return false;
  seen.x = x;
  seen.layout = rows_of(1, 1);
  seen.parameters = shape_of(x).last(static_cast<std::size_t>(axes));
  seen.statistic_axes = x->nd;
  for (int a = 0; a < x->nd; ++a) {
    const bool kept = a < x->nd - axes;
    (kept ? seen.layout.outer : seen.layout.length) *= x->dimensions[a];
    seen.statistic_extents[a] = kept ? x->dimensions[a] : 1;
  }
  return true;
}

/// The channels' axis, in logical order: samples are the first of the axes before it.
bool see_channels(Outline& given, Seen<ChannelLayout>& seen, Index& channel) {
  const ArrayProxy* x = plain(given.first);
  const bool is_axis = integer(given.rest.next(), channel);
  const bool masked = given.rest.next() != Py_None;
  if (!x || !is_axis || masked || x->nd < 2 || channel < -x->nd || channel >= x->nd || !some_elements(x)) return false;
  if (channel < 0) channel += x->nd;
  seen.x = x;
  seen.layout = {channel ? x->dimensions[0] : 1, 1, x->dimensions[channel], 1};
  for (Index a = 1; a < channel; ++a) seen.layout.outer *= x->dimensions[a];
  for (Index a = channel + 1; a < x->nd; ++a) seen.layout.inner *= x->dimensions[a];
  seen.parameters = shape_of(x).subspan(static_cast<std::size_t>(channel), 1);
  return true;
}

}  // namespace

const ArrayProxy* plain(PyObject* object) {
  if (Py_TYPE(object) != py::detail::npy_api::get().PyArray_Type_) return nullptr;
  const ArrayProxy* array = as_array(object);
  constexpr int needed = kContiguous | kAligned;
  return (array->flags & needed) == needed && native(array) ? array : nullptr;
}

bool integer(PyObject* object, Index& value) {
  if (!PyLong_CheckExact(object)) return false;
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0;
}

bool GivenRows::see(Outline& given, Seen<RowLayout>& seen) {
  const ArrayProxy* x = plain(given.first);
  PyObject* normalized_shape = given.rest.next();
  return given.rest.next() == Py_None && x && see_rows(x, trailing_axes(normalized_shape, x), seen);
}

bool FoundRows::see(Outline& given, Seen<RowLayout>& seen) {
  const ArrayProxy* x = plain(given.first);
  const ArrayProxy* weight = given.has_parameter() ? plain(given.of_parameters()) : nullptr;
  const bool found = given.rest.next() == Py_None && (weight || !given.has_parameter());
  return found && x && see_rows(x, weight ? weight->nd : 1, seen);
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
