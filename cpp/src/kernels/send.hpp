// Past the caches, in whole lines: what is made element after element waits in a buffer in the first cache until it
// fills lines, and the part of a line that remains waits for what follows. Lines that were written past the caches in
// part only would be read again to be completed.
#pragma once

#include <cstring>

#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class E>
class LineSender {
 public:
  static constexpr Index kRoom = 3072;  // elements

  explicit LineSender(E* to) : begin_(past_line(to)), end_(begin_), line_(to - begin_) {}

  /// Where to make the next elements, at most kRoom.
  E* room() { return buffer_ + end_; }

  /// `n` elements were made there.
  void send(Index n) {
    end_ += n;
    const Index whole = end_ / kLineElements<E> * kLineElements<E>;
    if (whole == 0) return;
    const Index head = begin_ > 0 ? kLineElements<E> : 0;
    if (head > 0) copy(line_ + begin_, buffer_ + begin_, head - begin_);
    E* to = line_ + head;
    for (const E* from = buffer_ + head; from != buffer_ + whole; from += kLineElements<E>, to += kLineElements<E>) {
      stream_line(to, from);
    }
    copy(buffer_, buffer_ + whole, kLineElements<E>);
    line_ = to;
    begin_ = 0;
    end_ -= whole;
  }

  void finish() {
    copy(line_ + begin_, buffer_ + begin_, end_ - begin_);
    stream_fence();
  }

 private:
  static void copy(E* to, const E* from, Index n) {
    std::memcpy(static_cast<void*>(to), static_cast<const void*>(from), static_cast<std::size_t>(n) * sizeof(E));
  }

  Index begin_, end_;  // of what waits
  E* line_;            // where the buffer's first line goes
  alignas(kLineBytes) E buffer_[kRoom + 2 * kLineElements<E>];
};

/// Whether rows of `n` elements, `rows` at a time, are better sent so than written past the caches pack by pack:
/// short ones, and those of 16 bits, of which a pack is but half a line.
template <class E>
bool sends_rows(const E* to, Index n, Index rows) {
  const bool fill_lines = past_line(to) == 0 && in_step<E>(n);
  const bool worth_it = sizeof(E) == 2 || (n < 16 * kLineElements<E> && !fill_lines);
  return worth_it && rows * n <= LineSender<E>::kRoom;
}

}  // namespace
}  // namespace simdnorm
