// The preconditions that every operation of the API shares. A failure is a status, never an abort.
#pragma once

#include <cmath>
#include <new>

#include "simd/float_environment.hpp"
#include "simdnorm/types.hpp"

namespace simdnorm {
namespace {

template <class... Pointers>
bool given(const Pointers*... pointers) {
  return ((pointers != nullptr) && ...);
}

inline bool usable(double eps) { return std::isfinite(eps) && eps >= 0.0; }

/// Values per channel.
inline Index values(const ChannelLayout& layout) { return layout.outer * layout.inner; }

inline bool usable(const ChannelLayout& layout) {
  return layout.outer >= 0 && layout.channels >= 0 && layout.inner >= 0;
}

inline bool empty(const ChannelLayout& layout) { return values(layout) == 0 || layout.channels == 0; }

/// Scratch is taken before anything is written: without memory, nothing has happened. All arithmetic happens in here,
/// in our own floating-point environment.
template <class Operation>
Status run(Operation operation) noexcept {
  try {
    in_our_environment(operation);
    return Status::ok;
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory;
  }
}

}  // namespace
}  // namespace simdnorm
