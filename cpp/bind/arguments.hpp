// The arguments of one call, taken in their order.
#pragma once

#include <pybind11/pybind11.h>

#include "simdnorm/types.hpp"

namespace simdnorm::bind {

namespace py = pybind11;

class Arguments {
 public:
  Arguments(PyObject* const* first, Py_ssize_t count) : next_(first), end_(first + count) {}

  PyObject* next() {
    if (next_ == end_) throw py::type_error("an argument is missing");
    return *next_++;
  }

 private:
  PyObject* const* next_;
  PyObject* const* end_;
};

}  // namespace simdnorm::bind
