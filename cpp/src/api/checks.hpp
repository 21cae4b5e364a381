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

inline bool usable(const RowLayout& l) {
  return l.outer >= 0 && l.segments >= 0 && l.middle >= 0 && l.length >= 0 && l.inner >= 0;
}
inline Index kept(const RowLayout& l) { return l.outer * l.middle * l.inner; }
inline Index reduced(const RowLayout& l) { return l.segments * l.length; }

inline bool usable(const ChannelLayout& l) { return l.samples >= 0 && l.outer >= 0 && l.channels >= 0 && l.inner >= 0; }
inline bool empty(const ChannelLayout& l) { return l.samples * l.outer * l.channels * l.inner == 0; }

/// Scratch is taken before anything is written: without memory, nothing has happened. All arithmetic happens in here,
/// in our own floating-point environment. The operation returns a status.
template <class Operation>
Status run(Operation operation) noexcept {
  Status status = Status::ok;
  try {
    in_our_environment([&] { status = operation(); });
  } catch (const std::bad_alloc&) {
    status = Status::out_of_memory;
  }
  return status;
}

}  // namespace
}  // namespace simdnorm
