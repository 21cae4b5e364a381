// The preconditions that every operation of the API shares. A failure is a status, never an abort.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
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

/// Whether there can be arrays of these sizes: none is negative, and the bytes of several together fit in an Index.
/// What runs along some of the axes must fit even where another is empty, so 0 counts as 1. Doubles do not overflow.
inline bool usable(std::initializer_list<Index> sizes) {
  constexpr double kMostElements = 0x1p56;
  double elements = 1;
  for (const Index size : sizes) {
    if (size < 0) return false;
    elements *= static_cast<double>(size > 0 ? size : 1);
  }
  return elements <= kMostElements;
}

inline bool usable(const RowLayout& l) { return usable({l.outer, l.segments, l.middle, l.length, l.inner}); }
inline Index kept(const RowLayout& l) { return l.outer * l.middle * l.inner; }
inline Index reduced(const RowLayout& l) { return l.segments * l.length; }

inline bool usable(const ChannelLayout& l) { return usable({l.samples, l.outer, l.channels, l.inner}); }
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

/// The statistics of no values, by convention.
template <class T>
Status of_nothing(Index statistics, double eps, T* mean, T* rstd) noexcept {
  return run([&] {
    if (mean) std::fill_n(mean, statistics, T(0));
    if (rstd) std::fill_n(rstd, statistics, static_cast<T>(1.0 / std::sqrt(eps)));
    return Status::ok;
  });
}

}  // namespace
}  // namespace simdnorm
