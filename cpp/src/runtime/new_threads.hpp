// Whether the system has room for more threads.
#pragma once

namespace simdnorm {

/// Whether so many threads can be started now, all at once.
bool can_start(int threads) noexcept;

}  // namespace simdnorm
