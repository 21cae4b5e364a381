// From NumPy arrays to pointers. Python has checked already what users may get wrong; what is refused here is a
// mistake of the caller in the package, and still never a wild write.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "simdnorm/types.hpp"

namespace simdnorm::bind {

namespace py = pybind11;

constexpr int kContiguous = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_;
constexpr int kAligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;
constexpr int kWriteable = py::detail::npy_api::NPY_ARRAY_WRITEABLE_;

template <class T>
constexpr int kTypeNumber = py::detail::npy_format_descriptor<T>::value;

/// `n` contiguous values of `type_number`, or null where `argument` is None; ValueError naming it otherwise.
void* checked(const py::handle& argument, const char* name, int type_number, Index n, bool writeable);

/// An operation reads as a list of its operands: what it reads, what it writes.
template <class T>
const T* in(const py::handle& argument, const char* name, Index n) {
  return static_cast<const T*>(checked(argument, name, kTypeNumber<T>, n, false));
}

template <class T>
T* out(const py::handle& argument, const char* name, Index n) {
  return static_cast<T*>(checked(argument, name, kTypeNumber<T>, n, true));
}

/// operation(T{}) with the data type of x.
template <class Operation>
void with_type_of(const py::array& x, Operation operation) {
  const int number = x.dtype().num();
  if (number == kTypeNumber<float>) return operation(float{});
  if (number == kTypeNumber<double>) return operation(double{});
  throw py::value_error("x: expected float32 or float64");
}

/// MemoryError, or ValueError for a precondition that the caller should have kept.
void raise_unless_ok(Status status);

/// call() without the GIL; its status becomes an exception.
template <class Call>
void released(Call call) {
  Status status;
  {
    const py::gil_scoped_release release;
    status = call();
  }
  raise_unless_ok(status);
}

void register_layer_norm(py::module_& module);
void register_layer_norm_express(py::module_& module);
void register_batch_norm(py::module_& module);
void register_batch_norm_parts(py::module_& module);
void register_runtime(py::module_& module);

}  // namespace simdnorm::bind
