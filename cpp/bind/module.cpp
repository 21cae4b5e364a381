// The extension module simdnorm._core: an index of its chapters.
#include "chapters.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The native backend of simdnorm.";
  auto lane = module.def_submodule("express", "Whole calls, where everything is plain.");
  simdnorm::bind::register_layer_norm(module, lane);
  simdnorm::bind::register_rms_norm(module, lane);
  simdnorm::bind::register_group_norm(module, lane);
  simdnorm::bind::register_batch_norm(module, lane);
  simdnorm::bind::register_batch_norm_parts(module);
  simdnorm::bind::register_fresh(module);
  simdnorm::bind::register_runtime(module);
}
