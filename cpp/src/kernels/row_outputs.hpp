// Where rows go that are written in the order of memory: through the caches or past them as they come; or gathered in
// a buffer that stays in the first cache, from which whole lines are sent past the caches, whatever rows they are of.
#pragma once

#include "kernels/send.hpp"

namespace simdnorm {
namespace {

/// Every output has row(at, n, make), where make(i, lanes) gives the elements from `at + i` on of a row's n; and kFar,
/// as ways of writing have it.
template <class E, class Write>
struct DirectOutput {
  static constexpr bool kFar = Write::kFar;
  E* to;
  Write write;

  template <class Make>
  SIMDNORM_INLINE void row(Index at, Index n, const Make& make) const {
    E* row = to + at;
    map_aligned(row, n, [&](Index i, auto lanes) SIMDNORM_INLINE { write(row + i, make(i, lanes), lanes); });
  }
};

/// A row begins anywhere in the buffer, and its last pack is written whole: what is too much of it, the next row
/// overwrites.
template <class E>
class SentOutput {
 public:
  static constexpr bool kFar = true;
  explicit SentOutput(E* to) : to_(to), sender_(to) {}

  template <class Make>
  SIMDNORM_INLINE void row(Index at, Index n, const Make& make) {
    sender_.go_on_at(to_ + at);
    if (n <= kPiece) return piece(n, make);
    for (Index from = 0; from < n; from += kPiece) {
      piece(smaller(n - from, kPiece), [&](Index i, auto lanes) SIMDNORM_INLINE { return make(from + i, lanes); });
    }
  }

 private:
  static constexpr Index kPiece = 8 * kLineElements<E>;

  template <class Make>
  SIMDNORM_INLINE void piece(Index n, const Make& make) {
    E* to = sender_.room();
    map<Compute<E>>(n, [&](Index i, auto lanes) SIMDNORM_INLINE { store(to + i, make(i, lanes), All{}); });
    sender_.send(n);
  }

  E* to_;
  LineSender<E, kPiece> sender_;
};

/// work(output) for runs of any length; `far` as in with_writer(). A pack of 16 bits is but half a line, and half lines
/// are no faster past the caches.
template <class E, class Work>
inline void with_direct_output(E* to, bool past_caches, bool far, Work work) {
  with_writer(past_caches && sizeof(E) > 2, far, [&](auto write) {
    DirectOutput<E, decltype(write)> output = {to, write};
    work(output);
  });
}

/// The same for rows of `length` elements that follow each other. Short ones, those that end amid a line, and those of
/// 16 bits are gathered.
template <class E, class Work>
inline void with_output(E* to, bool past_caches, bool far, [[maybe_unused]] Index length, Work work) {
  if constexpr (kStreams) {
    if (past_caches && (sizeof(E) == 2 || !in_step<E>(length) || length < 16 * kLineElements<E>)) {
      SentOutput<E> output(to);
      return work(output);
    }
  }
  with_direct_output(to, past_caches, far, work);
}

}  // namespace
}  // namespace simdnorm
