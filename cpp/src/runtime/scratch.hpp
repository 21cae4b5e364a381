// Scratch memory for the length of one operation, from a buffer that its thread keeps: no allocation per call.
#pragma once

#include <cstddef>

#include "simdnorm/types.hpp"

namespace simdnorm {

class Scratch {
 public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// n uninitialized objects, aligned to a cache line, until this Scratch goes. Throws std::bad_alloc.
  template <class T>
  T* take(Index n) {
    return static_cast<T*>(take_bytes(static_cast<std::size_t>(n) * sizeof(T)));
  }

  /// The same, but standing in its cache line where `like` stands in its own: what is walked together is aligned
  /// together.
  template <class T>
  T* take_like(const T* like, Index n) {
    return take<T>(n + static_cast<Index>(kLine / sizeof(T))) +
           reinterpret_cast<std::uintptr_t>(like) % kLine / sizeof(T);
  }

 private:
  static constexpr std::size_t kLine = 64;
  void* take_bytes(std::size_t bytes);
};

}  // namespace simdnorm
