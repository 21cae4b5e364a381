// What the library runs on, and how to steer it. Settings hold for the whole process, but for set_own_threads.
#pragma once

#include <cstddef>

#include "simdnorm/types.hpp"

namespace simdnorm {

enum class Isa { portable, avx2, avx512, neon };

const char* name(Isa isa) noexcept;

/// True when this build has kernels for `isa` and this processor can run them.
bool available(Isa isa) noexcept;

/// The instruction set of the kernels in use: the widest available one, or SIMDNORM_ISA's, until `use_isa`.
Isa active_isa() noexcept;

/// Refuses (invalid_argument) what is not available.
Status use_isa(Isa isa) noexcept;

/// SIMDNORM_ISA as it was found at the start when it could not be obeyed, else null.
const char* refused_isa() noexcept;

/// The number of threads that the next operation may use.
int get_num_threads() noexcept;

/// n >= 1; a huge n is clamped. Refuses (invalid_argument) n < 1.
Status set_num_threads(Index n) noexcept;

/// For the operations that the calling thread calls from now on: a host with a number of threads of its own goes first
/// where it calls. 0 takes that back. Returns what was set before.
Index set_own_threads(Index n) noexcept;

/// How this library was built; strings live forever.
struct BuildInfo {
  const char* version;
  const char* compiler;
  bool openmp;
};
BuildInfo build_info() noexcept;

}  // namespace simdnorm
