#include "simdnorm/runtime.hpp"

#include <string>
#include <vector>

#include "chapters.hpp"

#include <pybind11/stl.h>

namespace simdnorm::bind {
namespace {

std::vector<std::string> available_names() {
  std::vector<std::string> names;
  for (const Isa isa : kIsas) {
    if (available(isa)) names.emplace_back(name(isa));
  }
  return names;
}

void use_isa_named(const std::string& wanted) {
  for (const Isa isa : kIsas) {
    if (wanted == name(isa) && use_isa(isa) == Status::ok) return;
  }
  std::string names;
  for (const std::string& each : available_names()) names += (names.empty() ? "" : ", ") + each;
  throw py::value_error("isa: expected one of " + names + ", got '" + wanted + "'");
}

void set_threads(Index n) {
  if (set_num_threads(n) != Status::ok) throw py::value_error("n: expected at least 1, got " + std::to_string(n));
}

py::dict info() {
  const BuildInfo build = build_info();
  py::dict result;
  result["version"] = build.version;
  result["compiler"] = build.compiler;
  result["flags"] = build.flags;
  result["openmp"] = build.openmp;
  return result;
}

}  // namespace

void register_runtime(py::module_& module) {
  module.def("isa", [] { return name(active_isa()); });
  module.def("isa_reason", isa_reason);
  module.def("available_isas", available_names);
  module.def("use_isa", use_isa_named);
  module.def("refused_isa", refused_isa);
  module.def("get_num_threads", get_num_threads);
  module.def("threads_reason", threads_reason);
  module.def("openmp_library", openmp_library);
  module.def("set_num_threads", set_threads);
  module.def("set_own_threads", set_own_threads);
  module.def("build_info", info);
}

}  // namespace simdnorm::bind
