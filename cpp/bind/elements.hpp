// The types of elements, as NumPy numbers them.
#pragma once

#include <pybind11/numpy.h>

#include <type_traits>

#include "simdnorm/types.hpp"

namespace simdnorm::bind {

namespace py = pybind11;
using ArrayProxy = py::detail::PyArray_Proxy;

constexpr int kContiguous = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_;
constexpr int kAligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;
constexpr int kWriteable = py::detail::npy_api::NPY_ARRAY_WRITEABLE_;

/// bfloat16, which NumPy does not know, comes from the checks in Python as the 16-bit integers that hold its bits.
template <class T>
constexpr int kTypeNumber = py::detail::npy_format_descriptor<T>::value;
template <>
inline constexpr int kTypeNumber<float16> = 23;  // NPY_HALF, which pybind11 has no word for
template <>
inline constexpr int kTypeNumber<bfloat16> = py::detail::npy_api::NPY_USHORT_;

enum class Element { float32, float64, float16, bfloat16, other };

template <class T>
constexpr Element kElement = Element::other;
template <>
inline constexpr Element kElement<float> = Element::float32;
template <>
inline constexpr Element kElement<double> = Element::float64;

/// As users have it: bfloat16 is the type of ml_dtypes, if somebody has imported that.
Element element_of(int type_number);
int type_number_of(Element element);  // of one that has been seen

/// In bytes.
constexpr std::size_t item_of(Element element) {
  return element == Element::float64 ? 8 : element == Element::float32 ? 4 : 2;
}

inline const ArrayProxy* as_array(PyObject* object) { return py::detail::array_proxy(object); }
inline int type_number(const ArrayProxy* array) { return py::detail::array_descriptor_proxy(array->descr)->type_num; }
inline bool native(const ArrayProxy* array) {
  const char order = py::detail::array_descriptor_proxy(array->descr)->byteorder;
  return order == '=' || order == '|';
}

/// operation(E{}, P{}) for elements E and parameters P: the same, or float beside 16 bits; false for other types.
template <class Operation>
bool with_types(Element element, Element parameter, Operation operation) {
  const auto beside = [&]<class E>(E e) {
    if (parameter == element) return operation(e, e);
    return parameter == Element::float32 && operation(e, float{});
  };
  switch (element) {
    case Element::float32:
      return parameter == element && operation(float{}, float{});
    case Element::float64:
      return parameter == element && operation(double{}, double{});
    case Element::float16:
      return beside(float16{});
    case Element::bfloat16:
      return beside(bfloat16{});
    case Element::other:
      break;
  }
  return false;
}

}  // namespace simdnorm::bind
