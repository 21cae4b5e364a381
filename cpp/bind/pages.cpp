#include "pages.hpp"

#ifdef __linux__

#include <sys/mman.h>

#include <cstdint>

namespace simdnorm::bind {

void* map_pages(std::size_t bytes) noexcept {
  // mmap knows no alignment but a page's: it is asked for more, and gets back what stands before and behind.
  void* room = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(room) % kHugePage) % kHugePage;
  char* pages = static_cast<char*>(room) + before;
  if (before > 0) munmap(room, before);
  munmap(pages + bytes, kHugePage - before);
  madvise(pages, bytes, MADV_HUGEPAGE);  // refused where there are none: small ones do
  return pages;
}

void unmap_pages(void* pages, std::size_t bytes) noexcept { munmap(pages, bytes); }

bool lend_pages(void* pages, std::size_t bytes) noexcept { return madvise(pages, bytes, MADV_FREE) == 0; }

}  // namespace simdnorm::bind

#else

namespace simdnorm::bind {

void* map_pages(std::size_t) noexcept { return nullptr; }
void unmap_pages(void*, std::size_t) noexcept {}
bool lend_pages(void*, std::size_t) noexcept { return false; }

}  // namespace simdnorm::bind

#endif
