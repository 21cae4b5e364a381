// The runtime of the C header, whose enumerators have the values of the C++ ones (tests/test_c_header.py).
#include "simdnorm/runtime.hpp"
#include "simdnorm/simdnorm.h"

namespace {

auto in_c(simdnorm::Status status) { return static_cast<SimdnormStatus>(status); }
auto in_cpp(SimdnormIsa isa) { return static_cast<simdnorm::Isa>(isa); }

}  // namespace

extern "C" {

const char* simdnorm_message(SimdnormStatus status) { return simdnorm::message(static_cast<simdnorm::Status>(status)); }

const char* simdnorm_name(SimdnormIsa isa) { return simdnorm::name(in_cpp(isa)); }
bool simdnorm_available(SimdnormIsa isa) { return simdnorm::available(in_cpp(isa)); }
SimdnormIsa simdnorm_active_isa() { return static_cast<SimdnormIsa>(simdnorm::active_isa()); }
const char* simdnorm_isa_reason() { return simdnorm::isa_reason(); }
const char* simdnorm_refused_isa() { return simdnorm::refused_isa(); }
SimdnormStatus simdnorm_use_isa(SimdnormIsa isa) { return in_c(simdnorm::use_isa(in_cpp(isa))); }

int simdnorm_get_num_threads() { return simdnorm::get_num_threads(); }
const char* simdnorm_threads_reason() { return simdnorm::threads_reason(); }
const char* simdnorm_openmp_library() { return simdnorm::openmp_library(); }
SimdnormStatus simdnorm_set_num_threads(int64_t n) { return in_c(simdnorm::set_num_threads(n)); }
int64_t simdnorm_set_own_threads(int64_t n) { return simdnorm::set_own_threads(n); }

SimdnormBuildInfo simdnorm_build_info() {
  const simdnorm::BuildInfo info = simdnorm::build_info();
  return {info.version, info.compiler, info.flags, info.openmp};
}
}
