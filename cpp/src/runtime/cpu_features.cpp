#include "runtime/cpu_features.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace simdnorm {

#if defined(__x86_64__) && defined(__GNUC__)

/// Not every compiler's check knows this one. Its registers are those of AVX2. Asked once: a virtual machine takes
/// longer to answer than a small norm does.
static bool cpu_has_f16c() {
  static const bool has = [] {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
  }();
  return has;
}

// The compiler's own check asks the operating system too: registers that it does not save are not there.
bool cpu_has(Isa isa) noexcept {
  __builtin_cpu_init();
  switch (isa) {
    case Isa::portable:
      return true;
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && cpu_has_f16c();
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
