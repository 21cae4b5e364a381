// What every C++ test shares: inputs by an integer rule, arrays at any alignment, and a turn for every ISA.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "simdnorm/simdnorm.hpp"

namespace simdnorm::test {

/// Sizes around what the kernels are made of: N lanes, blocks of 1024.
template <class T>
std::vector<Index> lengths() {
  const Index n = 64 / sizeof(T);
  return {0, 1, n - 1, n, n + 1, 4 * n / 3, 8 * n + 2, 1023, 1024, 1025, 3000};
}

/// A dense array that begins `offset` elements after a cache line.
template <class T>
class Array {
 public:
  explicit Array(Index size, Index offset = 0) : size_(size), memory_(static_cast<std::size_t>(size + offset) + 64) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    first_ = memory_.data() + (64 - address % 64) % 64 / sizeof(T) + offset;
  }
  Array(const Array& other) : Array(other.size_) { std::copy(other.begin(), other.end(), first_); }
  Array& operator=(const Array& other) {
    REQUIRE(size_ == other.size_);
    std::copy(other.begin(), other.end(), first_);
    return *this;
  }

  T* data() { return first_; }
  const T* data() const { return first_; }
  Index size() const { return size_; }
  T* begin() { return first_; }
  T* end() { return first_ + size_; }
  const T* begin() const { return first_; }
  const T* end() const { return first_ + size_; }
  T& operator[](Index i) { return first_[i]; }
  const T& operator[](Index i) const { return first_[i]; }
  bool operator==(const Array& other) const {  // bit for bit, NaN included
    return size_ == other.size_ && std::memcmp(first_, other.first_, static_cast<std::size_t>(size_) * sizeof(T)) == 0;
  }

 private:
  Index size_;
  std::vector<T> memory_;
  T* first_;
};

/// center + spread * [-1, 1) in steps of 2^-23, the same on every machine (splitmix64, no library of the system).
template <class T>
Array<T> values(std::uint64_t seed, Index size, double center = 0, double spread = 1, Index offset = 0) {
  Array<T> result(size, offset);
  std::uint64_t state = seed * 0x9E3779B97F4A7C15u;
  for (T& value : result) {
    std::uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    value = static_cast<T>(center + spread * (static_cast<double>(z >> 40) / 8388608.0 - 1.0));
  }
  return result;
}

/// A name that doctest prints; a const char* comes out as an address.
inline std::string label(Isa isa) { return name(isa); }

inline std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (available(isa)) isas.push_back(isa);
  }
  return isas;
}

/// Those whose fma() is one instruction, and whose bits therefore agree.
inline std::vector<Isa> fused_isas() {
  std::vector<Isa> isas = available_isas();
  std::erase(isas, Isa::portable);
  return isas;
}

/// Runs the rest of the scope on one ISA and number of threads, then goes back.
class Setting {
 public:
  explicit Setting(Isa isa, int threads = get_num_threads()) : isa_(active_isa()), threads_(get_num_threads()) {
    REQUIRE(use_isa(isa) == Status::ok);
    REQUIRE(set_num_threads(threads) == Status::ok);
  }
  ~Setting() {
    use_isa(isa_);
    set_num_threads(threads_);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  Isa isa_;
  int threads_;
};

}  // namespace simdnorm::test
