#include "blocks.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace simdnorm::bind {
namespace {

constexpr std::size_t kMostKept = 256;
constexpr std::size_t kPatience = 512;

struct Block {
  void* memory;
  std::size_t bytes;
  std::size_t given;  // after how many requests
};

/// Blocks on their way back to the system: nobody waits for the lock meanwhile.
class Leaving {
 public:
  ~Leaving() {
    for (std::size_t i = 0; i < count_; ++i) unmap_pages(blocks_[i].memory, blocks_[i].bytes);
  }
  void add(const Block& block) { blocks_[count_++] = block; }

 private:
  std::array<Block, kMostKept> blocks_;
  std::size_t count_ = 0;
};

class Pool {
 public:
  Pool() { kept_.reserve(kMostKept); }

  /// A kept block, or null.
  void* take(std::size_t bytes) {
    Leaving leaving;
    const std::lock_guard lock(mutex);
    ++requests_;
    while (!kept_.empty() && requests_ - kept_.front().given > kPatience) leave(kept_.begin(), leaving);
    const auto like = find_like(bytes);
    if (like == kept_.end()) return nullptr;
    const Block block = *like;
    use(block.memory, block.bytes);
    kept_bytes_ -= block.bytes;
    kept_.erase(like);
    return block.memory;
  }

  void add(void* memory, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    use(memory, bytes);
  }

  void give(void* memory) {
    const std::size_t bytes = size(memory);
    // Before it is kept: whoever takes it next may write at once.
    const bool lent = lend_pages(memory, bytes);
    Leaving leaving;
    const std::lock_guard lock(mutex);
    used_.erase(memory);
    used_bytes_ -= bytes;
    if (!lent) return leaving.add({memory, bytes, 0});
    while (kept_.size() == kMostKept || kept_bytes_ + bytes > most_used_bytes_) leave(kept_.begin(), leaving);
    kept_bytes_ += bytes;
    kept_.push_back({memory, bytes, requests_});
  }

  std::size_t size(void* memory) {
    const std::lock_guard lock(mutex);
    return used_.at(memory);
  }

  bool return_all() {
    Leaving leaving;
    const std::lock_guard lock(mutex);
    const bool any = !kept_.empty();
    while (!kept_.empty()) leave(kept_.begin(), leaving);
    return any;
  }

  Held held() {
    const std::lock_guard lock(mutex);
    return {used_bytes_, kept_bytes_, kept_.size()};
  }

  std::mutex mutex;

 private:
  using Kept = std::vector<Block>;  // the oldest first

  /// The best fit that wastes no more than a quarter; of several, the last one, which may still be in the cache.
  Kept::iterator find_like(std::size_t bytes) {
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); ++block) {
      const bool fits = block->bytes >= bytes && block->bytes <= bytes + bytes / 4;
      if (fits && (best == kept_.end() || block->bytes <= best->bytes)) best = block;
    }
    return best;
  }

  void use(void* memory, std::size_t bytes) {
    used_.emplace(memory, bytes);
    used_bytes_ += bytes;
    most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
  }

  void leave(Kept::iterator block, Leaving& leaving) {
    leaving.add(*block);
    kept_bytes_ -= block->bytes;
    kept_.erase(block);
  }

  Kept kept_;
  std::unordered_map<void*, std::size_t> used_;
  std::size_t used_bytes_ = 0, kept_bytes_ = 0, most_used_bytes_ = 0, requests_ = 0;
};

/// Never destroyed: results may die after everything else has.
Pool& pool() {
  static Pool& pool = []() -> Pool& {
    // A child that was forked while another thread held the lock would wait for ever.
    pthread_atfork([] { bind::pool().mutex.lock(); }, [] { bind::pool().mutex.unlock(); },
                   [] { bind::pool().mutex.unlock(); });
    return *new Pool;
  }();
  return pool;
}

}  // namespace

void* take_block(std::size_t bytes) noexcept {
  if (bytes > SIZE_MAX - 2 * kHugePage) return nullptr;
  bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = nullptr;
  try {
    if (void* kept = pool().take(bytes)) return kept;
    memory = map_pages(bytes);
    if (!memory && return_blocks()) memory = map_pages(bytes);
    if (memory) pool().add(memory, bytes);
    return memory;
  } catch (const std::bad_alloc&) {
    if (memory) unmap_pages(memory, bytes);
    return nullptr;
  }
}

void give_block(void* block) noexcept { pool().give(block); }
std::size_t block_bytes(void* block) noexcept { return pool().size(block); }
Held held_blocks() noexcept { return pool().held(); }
bool return_blocks() noexcept { return pool().return_all(); }

}  // namespace simdnorm::bind
