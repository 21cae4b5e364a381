#include "runtime/dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "runtime/cpu_features.hpp"
#include "simdnorm/runtime.hpp"

namespace simdnorm {
namespace {

struct Target {
  Isa isa;
  const char* name;
  const KernelTable* kernels;
};

// From the widest to the one that always runs.
constexpr Target kTargets[] = {
#ifdef SIMDNORM_HAS_AVX512
    {Isa::avx512, "avx512", &kAvx512Kernels},
#endif
#ifdef SIMDNORM_HAS_AVX2
    {Isa::avx2, "avx2", &kAvx2Kernels},
#endif
#ifdef SIMDNORM_HAS_NEON
    {Isa::neon, "neon", &kNeonKernels},
#endif
    {Isa::portable, "portable", &kPortableKernels},
};

const Target* usable(Isa isa) {
  for (const Target& target : kTargets) {
    if (target.isa == isa && cpu_has(isa)) return &target;
  }
  return nullptr;
}

struct Choice {
  const Target* target;
  const char* reason;
  const char* refused;
};

Choice choose() {
  const char* wish = std::getenv("SIMDNORM_ISA");
  const bool wished = wish && *wish;
  const Target* widest = nullptr;
  for (const Target& target : kTargets) {
    if (!cpu_has(target.isa)) continue;
    if (wished && std::strcmp(wish, target.name) == 0) return {&target, "SIMDNORM_ISA", nullptr};
    if (!widest) widest = &target;
  }
  return {widest, "the widest here", wished ? wish : nullptr};
}

const Choice& at_start() {
  static const Choice choice = choose();
  return choice;
}

std::atomic<const Target*>& active() {
  static std::atomic<const Target*> target{at_start().target};
  return target;
}

std::atomic<bool> chosen_by_call{false};

}  // namespace

const KernelTable& active_kernels() noexcept { return *active().load()->kernels; }

Isa active_isa() noexcept { return active().load()->isa; }

const char* isa_reason() noexcept { return chosen_by_call ? "use_isa" : at_start().reason; }

bool available(Isa isa) noexcept { return usable(isa) != nullptr; }

Status use_isa(Isa isa) noexcept {
  const Target* target = usable(isa);
  if (!target) return Status::invalid_argument;
  active().store(target);
  chosen_by_call = true;
  return Status::ok;
}

const char* refused_isa() noexcept { return at_start().refused; }

const char* name(Isa isa) noexcept {
  switch (isa) {
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::neon:
      return "neon";
    default:
      return "portable";
  }
}

}  // namespace simdnorm
