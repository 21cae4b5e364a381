// Memory that nobody uses, in the order of its addresses: taken apart for whoever needs less, and neighbours come
// together again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace simdnorm::bind {

struct Range {
  char* memory;
  std::size_t bytes;
  std::size_t given;  // after how many requests

  char* end() const { return memory + bytes; }
};

/// Of at most so many as were reserved, so that adding one takes no memory.
class Ranges {
 public:
  explicit Ranges(std::size_t most) { ranges_.reserve(most); }

  std::size_t count() const { return ranges_.size(); }
  std::size_t bytes() const { return bytes_; }

  /// The first bytes of the smallest range that has as many, or null; of several, of the last one given, which may
  /// still be in the cache.
  char* take(std::size_t bytes) {
    auto best = ranges_.end();
    for (auto range = ranges_.begin(); range != ranges_.end(); ++range) {
      if (range->bytes < bytes) continue;
      const bool better = best == ranges_.end() || range->bytes < best->bytes ||
                          (range->bytes == best->bytes && range->given > best->given);
      if (better) best = range;
    }
    if (best == ranges_.end()) return nullptr;
    char* memory = best->memory;
    best->memory += bytes;
    best->bytes -= bytes;
    if (best->bytes == 0) ranges_.erase(best);
    bytes_ -= bytes;
    return memory;
  }

  void add(const Range& range) {
    bytes_ += range.bytes;
    auto next = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& r) { return r.memory > range.memory; });
    if (next != ranges_.end() && range.end() == next->memory) {
      *next = joined(range, *next);
    } else {
      next = ranges_.insert(next, range);
    }
    if (next == ranges_.begin() || (next - 1)->end() != next->memory) return;
    *(next - 1) = joined(*(next - 1), *next);
    ranges_.erase(next);
  }

  /// There is one.
  const Range& oldest() const {
    return *std::min_element(ranges_.begin(), ranges_.end(),
                             [](const Range& a, const Range& b) { return a.given < b.given; });
  }
  Range remove_oldest() {
    const Range range = oldest();
    ranges_.erase(ranges_.begin() + (&oldest() - ranges_.data()));
    bytes_ -= range.bytes;
    return range;
  }

 private:
  static Range joined(const Range& first, const Range& second) {
    return {first.memory, first.bytes + second.bytes, std::max(first.given, second.given)};
  }

  std::vector<Range> ranges_;
  std::size_t bytes_ = 0;
};

}  // namespace simdnorm::bind
