#include "runtime/cpu_features.hpp"

namespace simdnorm {

#if defined(__x86_64__) && defined(__GNUC__)

// The compiler's own check asks the operating system too: registers that it does not save are not there.
bool cpu_has(Isa isa) noexcept {
  __builtin_cpu_init();
  switch (isa) {
    case Isa::portable:
      return true;
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case Isa::avx512:
      return cpu_has(Isa::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    default:
      return false;
  }
}

#elif defined(__aarch64__)

bool cpu_has(Isa isa) noexcept { return isa == Isa::portable || isa == Isa::neon; }  // NEON is part of AArch64

#else

bool cpu_has(Isa isa) noexcept { return isa == Isa::portable; }

#endif

}  // namespace simdnorm
