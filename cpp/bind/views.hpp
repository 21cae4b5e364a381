// Arrays of NumPy's and tensors of PyTorch's, seen alike: plain numbers in memory.
#pragma once

#include <span>

#include "elements.hpp"

namespace simdnorm::bind {

using Extent = Py_intptr_t;  // NumPy's word for a size
using Shape = std::span<const Extent>;
constexpr std::size_t kMostAxes = 64;  // NumPy's limit

/// What lies at `data`, as long as its owner lives.
struct View {
  char* data = nullptr;
  Element element = Element::other;
  bool writeable = true;
  Shape shape;
  Shape strides;  // in elements; empty where they are those of the order of the axes
};

/// Whether neighbours along the last axis are neighbours in memory, and so on.
bool in_order(const View& view);
/// The same, but that the channels, axis 1, come last.
bool channels_last(const View& view);

/// A kind of objects that hold numbers.
struct Kind {
  /// False where it is no such object, or anything about it deserves a closer look; no exception.
  bool (*see)(PyObject* object, View& view);
  /// Makes one of this element, shape and strides, of values yet unknown, and says where its data is.
  py::object (*fresh)(View& view);
};

/// Exact ndarrays: in order, aligned, of native byte order.
extern const Kind kArrays;
/// Exact tensors on the CPU, if they were introduced (tensors.cpp).
extern const Kind kTensors;

/// The number of values.
inline Extent values_in(Shape shape) {
  Extent n = 1;
  for (const Extent extent : shape) n *= extent;
  return n;
}

}  // namespace simdnorm::bind
