// For the length of a scope: round to nearest, denormals kept, whatever the caller has set; then as it was.
// Without it a caller's flush-to-zero or rounding mode would change our bits.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

#include <cstdint>

namespace simdnorm {

class FloatEnvironment {
 public:
  FloatEnvironment() noexcept : saved_(read()) {
    if (saved_ != kDefault) write(kDefault);
  }
  ~FloatEnvironment() {
    if (saved_ != kDefault) write(saved_);
  }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__x86_64__) || defined(_M_X64)
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0x1f80;  // MXCSR: all exceptions masked, no sticky flags, nearest, no FTZ, no DAZ
  static Word read() noexcept { return _mm_getcsr() & ~Word{0x3f}; }
  static void write(Word word) noexcept { _mm_setcsr(word); }
#elif defined(__aarch64__) && defined(__GNUC__)
  using Word = std::uint64_t;
  static constexpr Word kDefault = 0;  // FPCR: nearest, no flush, no default NaN, no traps
  static Word read() noexcept {
    Word word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
  using Word = int;
  static constexpr Word kDefault = 0;
  static Word read() noexcept { return kDefault; }
  static void write(Word) noexcept {}
#endif
  Word saved_;
};

}  // namespace simdnorm
