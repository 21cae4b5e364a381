// Memory for one array of a call: at any distance from a cache line, or against a page that may not be touched.
#pragma once

#include <cstddef>
#include <vector>

#include "simdnorm/types.hpp"

namespace simdnorm::test {

enum class Guard { none, before, after };

/// Whether this system can forbid a page.
bool guards_exist();

class Room {
 public:
  /// `offset` bytes after a cache line; of no meaning beside a guard.
  Room(std::size_t bytes, std::size_t offset, Guard guard);
  ~Room();
  Room(Room&& other) noexcept;
  Room& operator=(Room&&) = delete;

  std::byte* data() { return data_; }
  std::size_t size() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::vector<std::byte> memory_;
  std::byte* fenced_ = nullptr;  // pages between two forbidden ones
  std::byte* data_;
};

}  // namespace simdnorm::test
