// What the library runs on, and how to steer it. Settings hold for the whole process, but for set_own_threads.
#pragma once

#include <cstddef>

#include "simdnorm/types.hpp"

namespace simdnorm {

enum class Isa { portable, avx2, avx512, neon };

/// All of them, available or not.
inline constexpr Isa kIsas[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::neon};

SIMDNORM_API const char* name(Isa isa) noexcept;

/// True when this build has kernels for `isa` and this processor can run them.
SIMDNORM_API bool available(Isa isa) noexcept;

/// The instruction set of the kernels in use: the widest available one, or SIMDNORM_ISA's, until `use_isa`.
SIMDNORM_API Isa active_isa() noexcept;

/// What chose it: "use_isa", "SIMDNORM_ISA" or "the widest here".
SIMDNORM_API const char* isa_reason() noexcept;

/// Refuses (invalid_argument) what is not available.
SIMDNORM_API Status use_isa(Isa isa) noexcept;

/// SIMDNORM_ISA as it was found at the start when it could not be obeyed, else null.
SIMDNORM_API const char* refused_isa() noexcept;

/// The number of threads that the next operation may use.
SIMDNORM_API int get_num_threads() noexcept;

/// What decided it: "set_num_threads", "OMP_NUM_THREADS", "the cgroup's CPU quota", "CPU affinity", "a limit set in
/// OpenMP" (by threadpoolctl, perhaps), "a forked process is serial" or "built without OpenMP".
SIMDNORM_API const char* threads_reason() noexcept;

/// The file of the OpenMP runtime that runs the threads, which need not be the one that was linked: where another
/// library has loaded one before, that one may answer. Null without OpenMP, or where the system cannot say.
SIMDNORM_API const char* openmp_library() noexcept;

/// n >= 1; a huge n is clamped. Refuses (invalid_argument) n < 1.
SIMDNORM_API Status set_num_threads(Index n) noexcept;

/// For the operations that the calling thread calls from now on: a host with a number of threads of its own goes first
/// where it calls. 0 takes that back. Returns what was set before.
SIMDNORM_API Index set_own_threads(Index n) noexcept;

/// How this library was built; strings live forever.
struct BuildInfo {
  const char* version;
  const char* compiler;
  const char* flags;  // of the kernels, for each ISA
  bool openmp;
};
SIMDNORM_API BuildInfo build_info() noexcept;

}  // namespace simdnorm
