// Memory for large results. A fresh page costs more than what a norm does with it: the system clears it, fault by
// fault. So the block of a result that died is kept for the next one of like size, and lent to the system until then.
//
// What is kept never exceeds the most that was in use at once, nor 256 blocks; and a block that 512 requests had no
// use for is returned: a step of training asks for some hundreds before it comes round to the same sizes.
#pragma once

#include <cstddef>

#include "pages.hpp"

namespace simdnorm::bind {

/// A huge page. What is smaller comes from the C library, whose heap recycles too.
constexpr std::size_t kLeastBlock = std::size_t{2} << 20;

/// Of unknown contents, and aligned to a huge page; null where there is no room. Any thread may take and give.
void* take_block(std::size_t bytes) noexcept;
void give_block(void* block) noexcept;

/// The size of a block in use; it may be larger than was asked for.
std::size_t block_bytes(void* block) noexcept;

struct Held {
  std::size_t used_bytes, kept_bytes, kept_blocks;
};
Held held_blocks() noexcept;

/// Returns to the system all that is kept; false where there was nothing.
bool return_blocks() noexcept;

}  // namespace simdnorm::bind
