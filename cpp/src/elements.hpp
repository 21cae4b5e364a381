// 16-bit elements, one at a time: how they widen to float, exactly, and how a float is rounded to them, to nearest and
// ties to even. NaN stays NaN, denormals stay. Packs do the same with the processor's instructions.
#pragma once

#include <bit>

#include "simdnorm/types.hpp"

namespace simdnorm {
namespace {  // compiled once per instruction set, so nothing may be shared between objects

inline float widened(float x) { return x; }
inline double widened(double x) { return x; }

inline float widened(bfloat16 x) { return std::bit_cast<float>(std::uint32_t{x.bits} << 16); }

inline float widened(float16 x) {
  const std::uint32_t sign = std::uint32_t{x.bits} >> 15 << 31, rest = x.bits & 0x7fffU;
  if (rest >= 0x7c00) {  // infinity, or NaN, which is quieted
    return std::bit_cast<float>(sign | 0x7f800000U | rest << 13 | (rest > 0x7c00 ? 0x400000U : 0U));
  }
  // As a float of the same bits the exponent's bias is 127 - 15 too small; the product is exact, denormals included.
  const float magnitude = std::bit_cast<float>(rest << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

/// To the type of `To`: exact but for 16 bits.
template <class To>
inline To narrowed(Compute<To> x) {
  return x;
}

template <>
inline bfloat16 narrowed<bfloat16>(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return {static_cast<std::uint16_t>(bits >> 16 | 0x40U)};
  return {static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16)};
}

template <>
inline float16 narrowed<float16>(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), sign = bits >> 31 << 15, rest = bits & 0x7fffffffU;
  const auto signed_bits = [sign](std::uint32_t magnitude) {
    return float16{static_cast<std::uint16_t>(sign | magnitude)};
  };
  if (rest > 0x7f800000U) return signed_bits(0x7e00U | (rest >> 13 & 0x1ffU));
  if (rest >= 0x477ff000U) return signed_bits(0x7c00U);  // 65520 and more rounds to infinity
  if (rest < 0x38800000U) {
    // Below 2^-14 the spacing is 2^-24, that of floats from 0.5 to 1: the addition rounds.
    const float rounded = std::bit_cast<float>(rest) + 0.5f;
    return signed_bits(std::bit_cast<std::uint32_t>(rounded) - 0x3f000000U);
  }
  return signed_bits((rest - 0x38000000U + 0xfffU + (rest >> 13 & 1U)) >> 13);
}

}  // namespace
}  // namespace simdnorm
