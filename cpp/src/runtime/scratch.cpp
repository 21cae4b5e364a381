#include "runtime/scratch.hpp"

#include <memory>
#include <new>
#include <vector>

namespace simdnorm {
namespace {

constexpr std::align_val_t kLineAligned{64};
constexpr std::size_t kLeast = 64 * 1024;
constexpr std::size_t kMostKept = 16 * 1024 * 1024;  // a thread gives back what goes beyond

// The address sanitizer sees a step from one allocation into the next, or into one that is gone: for it, no array
// shares a block, and none is kept.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kApart = true;
#elif defined(__has_feature)
constexpr bool kApart = __has_feature(address_sanitizer);
#else
constexpr bool kApart = false;
#endif

struct Free {
  void operator()(void* p) const { ::operator delete(p, kLineAligned); }
};

struct Block {
  std::unique_ptr<void, Free> memory;
  std::size_t size = 0, used = 0;
};

Block allocate(std::size_t size) {
  Block block;
  block.memory.reset(::operator new(size, kLineAligned));
  block.size = size;
  return block;
}

/// Blocks never move while they are in use. After an operation that needed several, the next one finds a single
/// block of their size.
thread_local std::vector<Block> blocks;

}  // namespace

void* Scratch::take_bytes(std::size_t bytes) {
  if (kApart) {
    blocks.push_back(allocate(bytes));
    return blocks.back().memory.get();
  }
  bytes = (bytes + kLine - 1) / kLine * kLine;
  if (blocks.empty() || blocks.back().size - blocks.back().used < bytes) {
    blocks.push_back(allocate(bytes > kLeast ? bytes : kLeast));
  }
  Block& block = blocks.back();
  void* p = static_cast<char*>(block.memory.get()) + block.used;
  block.used += bytes;
  return p;
}

Scratch::~Scratch() {
  if (kApart) blocks.clear();
  std::size_t total = 0;
  for (Block& block : blocks) {
    total += block.size;
    block.used = 0;
  }
  if (blocks.size() == 1 && total <= kMostKept) return;
  blocks.clear();
  if (total == 0 || total > kMostKept) return;
  try {
    blocks.push_back(allocate(total));
  } catch (const std::bad_alloc&) {  // the next operation will ask again
  }
}

}  // namespace simdnorm
