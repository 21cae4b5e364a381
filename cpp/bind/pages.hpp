// Memory straight from the system, in huge pages. On Linux; elsewhere there is none.
#pragma once

#include <cstddef>

namespace simdnorm::bind {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

#ifdef __linux__
constexpr bool kHasPages = true;
#else
constexpr bool kHasPages = false;
#endif

/// `bytes`, a multiple of a huge page and aligned to one; null where there is no room.
void* map_pages(std::size_t bytes) noexcept;
void unmap_pages(void* pages, std::size_t bytes) noexcept;

/// Lets the system take the pages whenever it wants them, until they are written again. What it has not taken by then
/// costs nothing to write: no page fault. False where the system does not know how.
bool lend_pages(void* pages, std::size_t bytes) noexcept;

}  // namespace simdnorm::bind
