// The words that every simdnorm header shares.
#pragma once

#include <cstdint>

namespace simdnorm {

using Index = std::int64_t;  // sizes and offsets are 64-bit everywhere

enum class Status {
  ok,
  invalid_argument,  // a required pointer is null, a size negative, eps not a finite number >= 0
  out_of_memory,     // no room for scratch; nothing has been written
};

/// A sentence for people; never null.
const char* message(Status status) noexcept;

/// How channels lie in dense memory: element (o, c, i) stands at (o * channels + c) * inner + i.
/// (N, C) and NHWC have inner = 1; NCHW has outer = N and inner = H * W.
struct ChannelLayout {
  Index outer = 0;
  Index channels = 0;
  Index inner = 1;
};

}  // namespace simdnorm
