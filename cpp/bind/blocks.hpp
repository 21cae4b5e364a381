// Memory for large results. A fresh page costs more than what a norm does with it: the system clears it, fault by
// fault. So the memory of a result that died is kept for the next ones: the last 64 MiB of it as they are, the rest
// lent to the system until then. What is lent is taken apart for results that need less, and neighbours come together
// again.
//
// What is kept never exceeds the most that was in use at once, nor some hundreds of ranges; and what 512 requests had
// no use for is returned: a step of training asks for some hundreds before it comes round to the same sizes.
#pragma once

#include <cstddef>

#include "pages.hpp"

namespace simdnorm::bind {

/// A huge page. What is smaller comes from the C library, whose heap recycles too.
constexpr std::size_t kLeastBlock = std::size_t{2} << 20;

/// Of unknown contents, and aligned to a huge page; null where there is no room. Any thread may take and give.
void* take_block(std::size_t bytes) noexcept;
void give_block(void* block) noexcept;

/// The size of a block in use: what was asked for, in whole huge pages.
std::size_t block_bytes(void* block) noexcept;

struct Held {
  std::size_t used_bytes, kept_bytes, kept_ranges;
};
Held held_blocks() noexcept;

/// Returns to the system all that is kept; false where there was nothing.
bool return_blocks() noexcept;

}  // namespace simdnorm::bind
