// The chapters of the extension module.
#pragma once

#include <pybind11/pybind11.h>

namespace simdnorm::bind {

namespace py = pybind11;

/// Where an operation is entered by what the checks prepared, by users' arrays, and by tensors (call.hpp).
struct Entrances {
  py::module_ checked, arrays, tensors;
};

void register_layer_norm(const Entrances& entrances);
void register_rms_norm(const Entrances& entrances);
void register_group_norm(const Entrances& entrances);
void register_batch_norm(const Entrances& entrances);
void register_batch_norm_parts(py::module_& module);
void register_fresh(py::module_& module);
void register_runtime(py::module_& module);
void register_tensors(py::module_& module);

}  // namespace simdnorm::bind
