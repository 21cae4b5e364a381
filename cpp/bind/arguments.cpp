#include "arguments.hpp"

#include <string>

namespace simdnorm::bind {
namespace {

bool native(const py::dtype& dtype) { return dtype.byteorder() == '=' || dtype.itemsize() == 1; }

}  // namespace

void* checked(const py::handle& argument, const char* name, int type_number, Index n, bool writeable) {
  if (argument.is_none()) return nullptr;
  if (!py::isinstance<py::array>(argument)) throw py::value_error(std::string(name) + ": expected an array");
  const auto array = py::reinterpret_borrow<py::array>(argument);
  const int needed = kContiguous | kAligned | (writeable ? kWriteable : 0);
  if (array.dtype().num() != type_number || !native(array.dtype()) || array.size() != n ||
      (array.flags() & needed) != needed) {
    throw py::value_error(std::string(name) + ": expected " + std::to_string(n) +
                          " contiguous, aligned values of the operation's dtype" + (writeable ? ", writeable" : ""));
  }
  return const_cast<void*>(array.data());
}

RowLayout row_layout(const py::tuple& sizes) {
  if (sizes.size() != 5) throw py::value_error("layout: expected (outer, segments, middle, length, inner)");
  return {sizes[0].cast<Index>(), sizes[1].cast<Index>(), sizes[2].cast<Index>(), sizes[3].cast<Index>(),
          sizes[4].cast<Index>()};
}

ChannelLayout channel_layout(const py::tuple& sizes) {
  if (sizes.size() != 4) throw py::value_error("layout: expected (samples, outer, channels, inner)");
  return {sizes[0].cast<Index>(), sizes[1].cast<Index>(), sizes[2].cast<Index>(), sizes[3].cast<Index>()};
}

Mask mask_of(const py::object& argument, const ChannelLayout& layout) {
  if (argument.is_none()) return {};
  const Index full[] = {layout.samples, layout.outer, layout.channels, layout.inner};
  const auto array = py::reinterpret_borrow<py::array>(argument);
  bool along[4] = {}, fits = py::isinstance<py::array>(argument) && array.ndim() == 4;
  for (int a = 0; fits && a < 4; ++a) {
    along[a] = array.shape(a) != 1;
    fits = array.shape(a) == 1 || array.shape(a) == full[a];
  }
  if (!fits) throw py::value_error("mask: expected four axes, each as in the layout or 1");
  return {in<bool>(argument, "mask", array.size()), along[0], along[1], along[2], along[3]};
}

void raise_unless_ok(Status status) {
  if (status == Status::ok) return;
  if (status != Status::out_of_memory) throw py::value_error(message(status));
  PyErr_SetString(PyExc_MemoryError, message(status));
  throw py::error_already_set();
}

}  // namespace simdnorm::bind
