// The extension module simdnorm._core: an index of its chapters.
#include "chapters.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The native backend of simdnorm.";
  simdnorm::bind::Entrances entrances = {
      module,
      module.def_submodule("express", "Whole calls, where everything is plain."),
      module.def_submodule("tensors", "The same, of tensors."),
  };
  simdnorm::bind::register_layer_norm(entrances);
  simdnorm::bind::register_rms_norm(entrances);
  simdnorm::bind::register_group_norm(entrances);
  simdnorm::bind::register_batch_norm(entrances);
  simdnorm::bind::register_batch_norm_parts(module);
  simdnorm::bind::register_fresh(module);
  simdnorm::bind::register_runtime(module);
  simdnorm::bind::register_tensors(entrances.tensors);
}
