#include "runtime/parallel.hpp"
#include "simdnorm/runtime.hpp"
#include "simdnorm/version.h"

namespace simdnorm {

BuildInfo build_info() noexcept {
#if defined(__clang__)
  const char* compiler = "Clang " __clang_version__;
#elif defined(__GNUC__)
  const char* compiler = "GCC " __VERSION__;
#else
  const char* compiler = "unknown";
#endif
  return {SIMDNORM_VERSION, compiler, SIMDNORM_FLAGS, has_openmp()};
}

}  // namespace simdnorm
