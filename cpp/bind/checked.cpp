#include "checked.hpp"

#include <string>

namespace simdnorm::bind {
namespace {

template <std::size_t n>
void read_sizes(py::handle object, Index* const (&sizes)[n]) {
  const auto tuple = py::cast<py::tuple>(object);
  if (tuple.size() != n) throw py::value_error("layout: expected " + std::to_string(n) + " sizes");
  for (std::size_t i = 0; i < n; ++i) *sizes[i] = tuple[i].cast<Index>();
}

}  // namespace

Element checked_element(py::handle array) {
  if (!py::isinstance<py::array>(array)) return Element::other;
  const int number = type_number(as_array(array.ptr()));
  return number == kTypeNumber<bfloat16> ? Element::bfloat16 : element_of(number);
}

void* Checked::array(py::handle object, const char* name, int wanted, Index n, bool writeable) {
  if (object.is_none()) return nullptr;
  if (!py::isinstance<py::array>(object)) throw py::value_error(std::string(name) + ": expected an array");
  const ArrayProxy* array = as_array(object.ptr());
  const int needed = kContiguous | kAligned | (writeable ? kWriteable : 0);
  const auto size = py::reinterpret_borrow<py::array>(object).size();
  if (type_number(array) != wanted || !native(array) || size != n || (array->flags & needed) != needed) {
    throw py::value_error(std::string(name) + ": expected " + std::to_string(n) +
                          " contiguous, aligned values of the operation's dtype" + (writeable ? ", writeable" : ""));
  }
  return array->data;
}

void Checked::mask(Mask& mask) {
  const py::handle object = next();
  if (object.is_none()) return;
  const Index full[] = {channels_.samples, channels_.outer, channels_.channels, channels_.inner};
  bool along[4] = {}, fits = py::isinstance<py::array>(object) && as_array(object.ptr())->nd == 4;
  Index n = 1;
  for (int a = 0; fits && a < 4; ++a) {
    const Index size = as_array(object.ptr())->dimensions[a];
    along[a] = size != 1;
    fits = size == 1 || size == full[a];
    n *= size;
  }
  if (!fits) throw py::value_error("mask: expected four axes, each as in the layout or 1");
  mask = {static_cast<const bool*>(array(object, "mask", kTypeNumber<bool>, n, false)), along[0], along[1], along[2],
          along[3]};
}

void read_layout(py::handle sizes, RowLayout& l) {
  read_sizes(sizes, {&l.outer, &l.segments, &l.middle, &l.length, &l.inner});
}

void read_layout(py::handle sizes, ChannelLayout& l) {
  read_sizes(sizes, {&l.samples, &l.outer, &l.channels, &l.inner});
}

}  // namespace simdnorm::bind
