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
/// overwrites. The buffer stands among its lines as the output does.
template <class E>
class SentOutput {
 public:
  static constexpr bool kFar = true;
  explicit SentOutput(E* to) : to_(to) {}
  ~SentOutput() { finish(); }
  SentOutput(const SentOutput&) = delete;
  SentOutput& operator=(const SentOutput&) = delete;

  template <class Make>
  SIMDNORM_INLINE void row(Index at, Index n, const Make& make) {
    if (to_ + at != lines_ + end_) [[unlikely]]
      start(to_ + at);
    if (n <= kPiece) return piece(n, make);
    for (Index from = 0; from < n; from += kPiece) {
      piece(smaller(n - from, kPiece), [&](Index i, auto lanes) SIMDNORM_INLINE { return make(from + i, lanes); });
    }
  }

 private:
  static constexpr Index kLine = kLineBytes / static_cast<Index>(sizeof(E));
  static constexpr Index kPiece = 8 * kLine;  // sent soon: many lines at once would stop what is being read

  template <class Make>
  SIMDNORM_INLINE void piece(Index n, const Make& make) {
    E* to = buffer_ + end_;
    map<Compute<E>>(n, [&](Index i, auto lanes) SIMDNORM_INLINE { store(to + i, make(i, lanes), All{}); });
    end_ += n;
    if (end_ > kPiece) send_lines();
  }

  void start(E* at) {
    finish();
    begin_ = end_ = static_cast<Index>(reinterpret_cast<std::uintptr_t>(at) % kLineBytes / sizeof(E));
    lines_ = at - begin_;
  }

  /// All whole lines; what remains begins the buffer anew.
  SIMDNORM_APART void send_lines() {
    const Index whole = end_ / kLine * kLine;
    if (whole == 0) return;
    E* const lines = lines_;
    if (begin_ > 0) copy_elements(lines + begin_, buffer_ + begin_, kLine - begin_);
    for (Index i = begin_ > 0 ? kLine : 0; i < whole; i += kLine) stream_line(lines + i, buffer_ + i);
    copy_elements(buffer_, buffer_ + whole, kLine);
    lines_ = lines + whole;
    begin_ = 0;
    end_ -= whole;
  }

  void finish() {
    send_lines();
    if (begin_ < end_) copy_elements(lines_ + begin_, buffer_ + begin_, end_ - begin_);
  }

  E* to_;
  E* lines_ = nullptr;  // where the buffer's lines go
  Index begin_ = 0;     // the buffer holds [begin_, end_)
  Index end_ = 0;
  alignas(kLineBytes) E buffer_[2 * kPiece + 2 * kLine];
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

/// The same for rows of `length` elements that follow each other.
template <class E, class Work>
inline void with_output(E* to, bool past_caches, bool far, [[maybe_unused]] Index length, Work work) {
  if constexpr (kStreams) {
    if (past_caches && sends_rows<E>(length)) {
      {
        SentOutput<E> output(to);
        work(output);
      }
      return stream_fence();
    }
  }
  with_direct_output(to, past_caches, far, work);
}

}  // namespace
}  // namespace simdnorm
