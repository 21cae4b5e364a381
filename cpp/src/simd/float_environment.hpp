// For the length of a call: round to nearest, denormals kept, whatever the caller has set; then as it was.
// Without it a caller's flush-to-zero or rounding mode would change our bits.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
#include <xmmintrin.h>
#endif

#include <cstdint>

namespace simdnorm {

/// Compilers move arithmetic past a change of its environment as if the two had nothing to do with each other. They do
/// not move it out of a function that they cannot see into: use in_our_environment().
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
#if defined(__x86_64__) && defined(__GNUC__)
  // MXCSR (exceptions masked, no sticky flags, nearest, no FTZ, no DAZ), and above it the x87 control word (masked,
  // 64 bits, nearest), in which the portable kernels stand in for fma.
  using Word = std::uint64_t;
  static constexpr Word kDefault = 0x037f'0000'1f80;
  static Word read() noexcept {
    std::uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return Word{_mm_getcsr() & ~0x3fU} | Word{x87} << 32;
  }
  static void write(Word word) noexcept {
    const auto x87 = static_cast<std::uint16_t>(word >> 32);
    __asm__ volatile("fldcw %0" : : "m"(x87));
    _mm_setcsr(static_cast<std::uint32_t>(word));
  }
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

#if defined(__GNUC__)
#define SIMDNORM_NOINLINE __attribute__((noinline))
#else
#define SIMDNORM_NOINLINE
#endif

namespace detail {
template <class Work>
SIMDNORM_NOINLINE void opaque(Work& work) {
  work();
}
}  // namespace detail

template <class Work>
void in_our_environment(Work work) {
  const FloatEnvironment ours;
  detail::opaque(work);
}

}  // namespace simdnorm
