// What a caller may have set before it calls: another rounding mode, denormals flushed and taken as zero.
#pragma once

#include <doctest/doctest.h>

#include <cfenv>
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace simdnorm::test {

/// Adds settings for the rest of the scope, and at its end checks that nobody has touched them.
class FloatSettings {
 public:
  explicit FloatSettings(std::uint64_t settings) : before_(read()), set_(before_ | settings) { write(set_); }
  ~FloatSettings() {
    const std::uint64_t after = read();
    write(before_);
    CHECK(after == set_);
  }
  FloatSettings(const FloatSettings&) = delete;
  FloatSettings& operator=(const FloatSettings&) = delete;

#if defined(__x86_64__) || defined(_M_X64)
  static constexpr std::uint64_t kUpward = 0x4000, kFlush = 0x8040;

 private:
  static std::uint64_t read() { return _mm_getcsr() & ~0x3fu; }  // without the flags of what has happened
  static void write(std::uint64_t word) { _mm_setcsr(static_cast<unsigned>(word)); }
#elif defined(__aarch64__) && defined(__GNUC__)
  static constexpr std::uint64_t kUpward = 1u << 22, kFlush = 1u << 24;

 private:
  static std::uint64_t read() {
    std::uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(std::uint64_t word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
  static constexpr std::uint64_t kUpward = FE_UPWARD, kFlush = 0;

 private:
  static std::uint64_t read() { return static_cast<std::uint64_t>(std::fegetround()); }
  static void write(std::uint64_t word) { std::fesetround(static_cast<int>(word)); }
#endif
  std::uint64_t before_, set_;
};

}  // namespace simdnorm::test
