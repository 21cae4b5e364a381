// Past the caches, in whole lines: what was made in a buffer goes out at once, however it lies there.
#pragma once

#include <cstring>

#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

constexpr Index kLineBytes = 64;

/// Whether rows of `n` elements are better sent than written past the caches one by one: the parts of lines at their
/// ends go through the caches, and of 16 bits a pack is but half a line.
template <class E>
constexpr bool sends_rows(Index n) {
  constexpr Index line = kLineBytes / static_cast<Index>(sizeof(E));
  return sizeof(E) == 2 || n % line != 0 || n < 16 * line;
}

template <class E>
inline void copy_elements(E* to, const E* from, Index n) {
  std::memcpy(static_cast<void*>(to), static_cast<const void*>(from), static_cast<std::size_t>(n) * sizeof(E));
}

template <class E>
inline void send(E* to, const E* from, Index n) {
  constexpr Index line = kLineBytes / static_cast<Index>(sizeof(E));
  const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(to) % kLineBytes / sizeof(E));
  Index i = past == 0 ? 0 : smaller(line - past, n);
  copy_elements(to, from, i);
  for (; i + line <= n; i += line) stream_line(to + i, from + i);
  copy_elements(to + i, from + i, n - i);
}

/// `rows` rows of `n` elements, which follow each other in the buffer and are `stride` apart where they go.
template <class E>
inline void send_lines(E* to, Index stride, const E* from, Index n, Index rows) {
  if (stride == n) return send(to, from, rows * n);
  for (Index r = 0; r < rows; ++r) send(to + r * stride, from + r * n, n);
}

}  // namespace
}  // namespace simdnorm
