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

  /// The same, but standing among its packs as `like` does among its own: what is walked together is aligned together.
  template <class T, class Like>
  T* take_like(const Like* like, Index n) {
    constexpr std::size_t lanes = kLine / sizeof(T);
    return take<T>(n + static_cast<Index>(lanes)) + reinterpret_cast<std::uintptr_t>(like) / sizeof(Like) % lanes;
  }

 private:
  static constexpr std::size_t kLine = 64;
  void* take_bytes(std::size_t bytes);
};

}  // namespace simdnorm
