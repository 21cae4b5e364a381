// The extension module simdnorm._core: an index of its chapters.
#include "arguments.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The native backend of simdnorm.";
  simdnorm::bind::register_layer_norm(module);
  simdnorm::bind::register_layer_norm_express(module);
  simdnorm::bind::register_rms_norm(module);
  simdnorm::bind::register_group_norm(module);
  simdnorm::bind::register_batch_norm(module);
  simdnorm::bind::register_batch_norm_parts(module);
  simdnorm::bind::register_runtime(module);
}
