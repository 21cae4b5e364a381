// The chapters of the extension module. `lane` is its express lane.
#pragma once

#include <pybind11/pybind11.h>

namespace simdnorm::bind {

namespace py = pybind11;

void register_layer_norm(py::module_& module, py::module_& lane);
void register_rms_norm(py::module_& module, py::module_& lane);
void register_group_norm(py::module_& module, py::module_& lane);
void register_batch_norm(py::module_& module, py::module_& lane);
void register_batch_norm_parts(py::module_& module);
void register_fresh(py::module_& module);
void register_runtime(py::module_& module);

}  // namespace simdnorm::bind
