#include "arguments.hpp"

#include <string>

namespace simdnorm::bind {

void* checked(const py::handle& argument, const char* name, int type_number, Index n, bool writeable) {
  if (argument.is_none()) return nullptr;
  if (!py::isinstance<py::array>(argument)) throw py::value_error(std::string(name) + ": expected an array");
  const auto array = py::reinterpret_borrow<py::array>(argument);
  const int needed = kContiguous | kAligned | (writeable ? kWriteable : 0);
  if (array.dtype().num() != type_number || array.dtype().byteorder() != '=' || array.size() != n ||
      (array.flags() & needed) != needed) {
    throw py::value_error(std::string(name) + ": expected " + std::to_string(n) +
                          " contiguous, aligned values of the operation's dtype" + (writeable ? ", writeable" : ""));
  }
  return const_cast<void*>(array.data());
}

void raise_unless_ok(Status status) {
  if (status == Status::ok) return;
  if (status != Status::out_of_memory) throw py::value_error(message(status));
  PyErr_SetString(PyExc_MemoryError, message(status));
  throw py::error_already_set();
}

}  // namespace simdnorm::bind
