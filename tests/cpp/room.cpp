#include "room.hpp"

#include <cstdint>
#include <new>
#include <utility>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>
#endif
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace simdnorm::test {
namespace {

#if __has_include(<sys/mman.h>)
constexpr std::size_t kFenced = 64 * 1024;  // a multiple of every page size in use

/// Fences are built once and then lent: tests ask for a hundred thousand of them.
thread_local std::vector<std::byte*> free_fences;

std::byte* take_fenced(std::size_t bytes) {
  if (bytes > kFenced) throw std::bad_alloc();
  if (free_fences.empty()) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory = mmap(nullptr, kFenced + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    auto* first = static_cast<std::byte*>(memory);
    if (mprotect(first, page, PROT_NONE) != 0 || mprotect(first + page + kFenced, page, PROT_NONE) != 0) {
      throw std::bad_alloc();
    }
    return first + page;
  }
  std::byte* fenced = free_fences.back();
  free_fences.pop_back();
  return fenced;
}
void give_back(std::byte* fenced) { free_fences.push_back(fenced); }
#else
constexpr std::size_t kFenced = 0;
std::byte* take_fenced(std::size_t) { throw std::bad_alloc(); }
void give_back(std::byte*) {}
#endif

}  // namespace

bool guards_exist() { return kFenced > 0; }

Room::Room(std::size_t bytes, std::size_t offset, Guard guard) : bytes_(bytes) {
  if (guard == Guard::none) {
    memory_.resize(bytes + offset + 64);
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    const std::size_t margin = (64 - address % 64) % 64 + offset;
    data_ = memory_.data() + margin;
    // To the address sanitizer, if there is one, what is there for alignment only is out of bounds.
    ASAN_POISON_MEMORY_REGION(memory_.data(), margin);
    ASAN_POISON_MEMORY_REGION(data_ + bytes, memory_.size() - margin - bytes);
  } else {
    fenced_ = take_fenced(bytes);
    data_ = guard == Guard::before ? fenced_ : fenced_ + kFenced - bytes;
  }
}

Room::~Room() {
  if (fenced_) give_back(fenced_);
  ASAN_UNPOISON_MEMORY_REGION(memory_.data(), memory_.size());
}

Room::Room(Room&& other) noexcept
    : bytes_(other.bytes_),
      memory_(std::move(other.memory_)),
      fenced_(std::exchange(other.fenced_, nullptr)),
      data_(other.data_) {}

}  // namespace simdnorm::test
