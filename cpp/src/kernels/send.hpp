// Past the caches, in whole lines: what is made element after element waits in a buffer in the first cache until it
// fills lines, and the part of a line that remains waits for what follows. Lines that were written past the caches in
// part only would be read again to be completed.
#pragma once

#include <cstring>

#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

/// For at most `Room` elements at a time.
template <class E, Index Room>
class LineSender {
 public:
  static constexpr Index kRoom = Room;

  explicit LineSender(E* to) { start(to); }
  ~LineSender() { finish(); }
  LineSender(const LineSender&) = delete;
  LineSender& operator=(const LineSender&) = delete;

  /// What follows goes to `to`.
  SIMDNORM_INLINE void go_on_at(E* to) {
    if (to == line_ + end_) [[likely]]
      return;
    finish();
    start(to);
  }

  /// Where to make the next elements. A pack more may be written than is sent.
  E* room() { return buffer_ + end_; }

  /// `n` elements were made there.
  SIMDNORM_INLINE void send(Index n) {
    end_ += n;
    if (end_ > kLeast) send_lines();
  }

 private:
  static constexpr Index kLine = kLineElements<E>;
  static constexpr Index kLeast = 8 * kLine;  // more at once would hold up what is being read, fewer are not worth it

  static void copy(E* to, const E* from, Index n) {
    std::memcpy(static_cast<void*>(to), static_cast<const void*>(from), static_cast<std::size_t>(n) * sizeof(E));
  }

  void start(E* to) {
    begin_ = end_ = past_line(to);
    line_ = to - begin_;
  }

  SIMDNORM_APART void send_lines() {
    const Index whole = end_ / kLine * kLine;
    if (whole == 0) return;
    const Index head = begin_ > 0 ? kLine : 0;
    if (head > 0) copy(line_ + begin_, buffer_ + begin_, head - begin_);
    E* to = line_ + head;
    for (const E* from = buffer_ + head; from != buffer_ + whole; from += kLine, to += kLine) stream_line(to, from);
    copy(buffer_, buffer_ + whole, kLine);
    line_ = to;
    begin_ = 0;
    end_ -= whole;
  }

  void finish() {
    send_lines();
    if (begin_ < end_) copy(line_ + begin_, buffer_ + begin_, end_ - begin_);
    stream_fence();
  }

  Index begin_, end_;  // of what waits
  E* line_;            // where the buffer's first line goes
  alignas(kLineBytes) E buffer_[kLeast + Room + 2 * kLine];
};

}  // namespace
}  // namespace simdnorm
