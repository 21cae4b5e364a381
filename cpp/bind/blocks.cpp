#include "blocks.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#include "ranges.hpp"

namespace simdnorm::bind {
namespace {

constexpr std::size_t kMostLent = 256;
constexpr std::size_t kMostWarm = 64;
constexpr std::size_t kWarmBytes = std::size_t{64} << 20;
constexpr std::size_t kPatience = 512;

/// Ranges on their way back to the system, which takes its time: nobody waits for the lock meanwhile.
class Leaving {
 public:
  ~Leaving() {
    for (std::size_t i = 0; i < count_; ++i) unmap_pages(ranges_[i].memory, ranges_[i].bytes);
  }
  void add(const Range& range) { ranges_[count_++] = range; }

 private:
  std::array<Range, kMostLent + kMostWarm + 1> ranges_;
  std::size_t count_ = 0;
};

/// Lending makes every processor forget where the pages are, for which it is woken if it sleeps: a block that comes
/// back is warm at first, for the next one of its size, and lent when others have come after it.
class Pool {
 public:
  Pool() { warm_.reserve(kMostWarm + 1); }

  /// A block of what is kept, or null.
  void* take(std::size_t bytes) {
    Leaving leaving;
    const std::lock_guard lock(mutex);
    ++requests_;
    while (!warm_.empty() && forgotten(warm_.front())) lend_oldest(leaving);
    while (lent_.count() > 0 && forgotten(lent_.oldest())) leaving.add(lent_.remove_oldest());
    char* memory = take_warm(bytes);
    if (!memory) memory = lent_.take(bytes);
    if (!memory) {
      while (!warm_.empty()) lend_oldest(leaving);
      memory = lent_.take(bytes);
    }
    if (memory) use(memory, bytes, leaving);
    return memory;
  }

  void add(void* memory, std::size_t bytes) {
    Leaving leaving;
    const std::lock_guard lock(mutex);
    use(static_cast<char*>(memory), bytes, leaving);
  }

  void give(void* memory) {
    const std::size_t bytes = size(memory);
    // Before others see it: whoever takes it next may write at once.
    const bool large = bytes > kWarmBytes, lent = large && lend_pages(memory, bytes);
    Leaving leaving;
    const std::lock_guard lock(mutex);
    used_.erase(memory);
    used_bytes_ -= bytes;
    const Range range = {static_cast<char*>(memory), bytes, requests_};
    if (large) {
      keep_lent(range, lent, leaving);
    } else {
      warm_.push_back(range);
      warm_bytes_ += bytes;
      while (warm_.size() > kMostWarm || warm_bytes_ > kWarmBytes) lend_oldest(leaving);
    }
    while (kept_bytes() > most_used_bytes_) leaving.add(lent_.count() > 0 ? lent_.remove_oldest() : remove_warm(0));
  }

  std::size_t size(void* memory) {
    const std::lock_guard lock(mutex);
    return used_.at(memory);
  }

  bool return_all() {
    Leaving leaving;
    const std::lock_guard lock(mutex);
    const bool any = kept_bytes() > 0;
    while (lent_.count() > 0) leaving.add(lent_.remove_oldest());
    while (!warm_.empty()) leaving.add(remove_warm(0));
    return any;
  }

  Held held() {
    const std::lock_guard lock(mutex);
    return {used_bytes_, kept_bytes(), lent_.count() + warm_.size()};
  }

  std::mutex mutex;

 private:
  bool forgotten(const Range& range) const { return requests_ - range.given > kPatience; }
  std::size_t kept_bytes() const { return lent_.bytes() + warm_bytes_; }

  /// Of that very size: the last one given, which may still be in the cache.
  char* take_warm(std::size_t bytes) {
    for (std::size_t i = warm_.size(); i-- > 0;) {
      if (warm_[i].bytes == bytes) return remove_warm(i).memory;
    }
    return nullptr;
  }

  Range remove_warm(std::size_t i) {
    const Range range = warm_[i];
    warm_.erase(warm_.begin() + static_cast<std::ptrdiff_t>(i));
    warm_bytes_ -= range.bytes;
    return range;
  }

  void lend_oldest(Leaving& leaving) {
    const Range range = remove_warm(0);
    keep_lent(range, lend_pages(range.memory, range.bytes), leaving);
  }

  void keep_lent(const Range& range, bool lent, Leaving& leaving) {
    if (!lent) return leaving.add(range);
    lent_.add(range);
    if (lent_.count() > kMostLent) leaving.add(lent_.remove_oldest());
  }

  void use(char* memory, std::size_t bytes, Leaving& leaving) {
    try {
      used_.emplace(memory, bytes);
    } catch (...) {
      leaving.add({memory, bytes, 0});
      throw;
    }
    used_bytes_ += bytes;
    most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
  }

  std::vector<Range> warm_;  // the oldest first
  Ranges lent_{kMostLent + 1};
  std::unordered_map<void*, std::size_t> used_;
  std::size_t warm_bytes_ = 0, used_bytes_ = 0, most_used_bytes_ = 0, requests_ = 0;
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
  try {
    if (void* kept = pool().take(bytes)) return kept;
    void* memory = map_pages(bytes);
    if (!memory && return_blocks()) memory = map_pages(bytes);
    if (memory) pool().add(memory, bytes);
    return memory;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void give_block(void* block) noexcept { pool().give(block); }
std::size_t block_bytes(void* block) noexcept { return pool().size(block); }
Held held_blocks() noexcept { return pool().held(); }
bool return_blocks() noexcept { return pool().return_all(); }

}  // namespace simdnorm::bind
