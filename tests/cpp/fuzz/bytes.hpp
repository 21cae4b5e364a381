// Bytes that somebody else chose, read as what they decide; after the last one come zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "simdnorm/types.hpp"

namespace simdnorm::test {

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  std::uint64_t word() {
    std::uint64_t result = 0;
    for (int i = 0; i < 4; ++i) result = result << 8 | byte();
    return result;
  }
  bool one_of(int n) { return byte() % n == n - 1; }
  bool bit() { return one_of(2); }

  template <class List>
  const auto& choice(const List& list) {
    return list[byte() % std::size(list)];
  }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace simdnorm::test
