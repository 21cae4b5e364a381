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

/// How NumPy numbers the type; bfloat16, which it does not know, comes as the 16-bit integers that hold its bits.
template <class T>
constexpr int kTypeNumber = py::detail::npy_format_descriptor<T>::value;
template <>
constexpr int kTypeNumber<float16> = 23;  // NPY_HALF, which pybind11 has no word for
template <>
constexpr int kTypeNumber<bfloat16> = py::detail::npy_api::NPY_USHORT_;

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

/// Sizes as the front counts them.
RowLayout row_layout(const py::tuple& sizes);
ChannelLayout channel_layout(const py::tuple& sizes);
Mask mask_of(const py::object& mask, const ChannelLayout& layout);

inline Index kept(const RowLayout& l) { return l.outer * l.middle * l.inner; }
inline Index reduced(const RowLayout& l) { return l.segments * l.length; }
inline Index elements(const RowLayout& l) { return kept(l) * reduced(l); }
inline Index elements(const ChannelLayout& l) { return l.samples * l.outer * l.channels * l.inner; }

/// operation(E{}, P{}) with the type of x's elements, and of the first of `parameters` that is given.
template <class Operation>
void with_types(const py::array& x, std::initializer_list<const py::object*> parameters, Operation operation) {
  const auto with_parameters = [&]<class E>(E element) {
    for (const py::object* parameter : parameters) {
      if (parameter->is_none()) continue;
      const bool is_float = py::reinterpret_borrow<py::array>(*parameter).dtype().num() == kTypeNumber<float>;
      return is_float ? operation(element, float{}) : operation(element, element);
    }
    operation(element, element);
  };
  switch (x.dtype().num()) {
    case kTypeNumber<float>:
      return operation(float{}, float{});
    case kTypeNumber<double>:
      return operation(double{}, double{});
    case kTypeNumber<float16>:
      return with_parameters(float16{});
    case kTypeNumber<bfloat16>:
      return with_parameters(bfloat16{});
    default:
      throw py::value_error("x: expected float32, float64, float16, or uint16 for bfloat16");
  }
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
void register_rms_norm(py::module_& module);
void register_group_norm(py::module_& module);
void register_batch_norm(py::module_& module);
void register_batch_norm_parts(py::module_& module);
void register_runtime(py::module_& module);

}  // namespace simdnorm::bind
