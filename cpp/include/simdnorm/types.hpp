// The words that every simdnorm header shares.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simdnorm/export.h"

namespace simdnorm {

using Index = std::int64_t;  // sizes and offsets are 64-bit everywhere

enum class Status {
  ok,
  invalid_argument,  // a required pointer is null, a size negative or beyond counting, eps not a finite number >= 0
  out_of_memory,     // no room for scratch; nothing has been written
};

/// A sentence for people; never null.
SIMDNORM_API const char* message(Status status) noexcept;

/// IEEE 754 binary16, as its bits.
struct SIMDNORM_API float16 {
  std::uint16_t bits;
};

/// The upper half of a binary32, as its bits.
struct SIMDNORM_API bfloat16 {
  std::uint16_t bits;
};

/// What elements of type E are computed in, and what their statistics are kept in: double for double, else float.
template <class E>
using Compute = std::conditional_t<std::is_same_v<E, double>, double, float>;

/// Which axes a row norm reduces, in dense memory: element (o, s, m, i, k) stands at
/// (((o * segments + s) * middle + m) * length + i) * inner + k. It is reduced over (s, i), along which parameters run;
/// statistics run over (o, m, k). Trailing axes are {rows, 1, 1, length, 1}, the channels of NCHW {N, 1, 1, C, H * W}.
struct RowLayout {
  Index outer = 0;
  Index segments = 1;
  Index middle = 1;
  Index length = 0;
  Index inner = 1;
};

/// `rows` of `length` elements.
constexpr RowLayout rows_of(Index rows, Index length) { return {rows, 1, 1, length, 1}; }

/// How channels lie in dense memory: element (n, o, c, i) stands at ((n * outer + o) * channels + c) * inner + i.
/// NCHW is {N, 1, C, H * W}, NHWC {N, H * W, C, 1}.
struct ChannelLayout {
  Index samples = 0;
  Index outer = 1;
  Index channels = 0;
  Index inner = 1;
};

/// Which elements count, dense over the axes along which it differs, size 1 along the others: false is left out of
/// every sum, and comes out as zero. Null values: all count. What is in should lie in runs, as sequences and images
/// do; a mask that differs between neighbouring elements is right, and slow.
struct Mask {
  const bool* values = nullptr;
  bool along_samples = true;
  bool along_outer = true;
  bool along_channels = true;
  bool along_inner = true;
};

}  // namespace simdnorm
