// The types of arrays as numbers. 16-bit types are read and rounded by arithmetic here, apart from what the library
// does.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "simdnorm/types.hpp"

namespace simdnorm::test {

enum class Kind { float32, float64, float16, bfloat16, int64, boolean };

/// A binary format: its values are n * 2^q with |n| < 2^precision and q >= lowest, below 2^highest.
struct Format {
  const char* name;
  int bytes, precision, lowest, highest;
};
inline constexpr Format kFormats[] = {{"float32", 4, 24, -149, 128}, {"float64", 8, 53, -1074, 1024},
                                      {"float16", 2, 11, -24, 16},   {"bfloat16", 2, 8, -133, 128},
                                      {"int64", 8, 63, 0, 63},       {"bool", 1, 1, 0, 1}};
inline const Format& format(Kind kind) { return kFormats[static_cast<int>(kind)]; }

template <class T>
constexpr Kind kind_of = std::is_same_v<T, float>      ? Kind::float32
                         : std::is_same_v<T, double>   ? Kind::float64
                         : std::is_same_v<T, float16>  ? Kind::float16
                         : std::is_same_v<T, bfloat16> ? Kind::bfloat16
                         : std::is_same_v<T, bool>     ? Kind::boolean
                                                       : Kind::int64;

/// Half the distance from 1 to the next number.
inline long double unit(Kind kind) { return std::ldexp(1.0L, -format(kind).precision); }

/// The smallest number that is no denormal.
inline long double normal(Kind kind) { return std::ldexp(1.0L, format(kind).lowest + format(kind).precision - 1); }

/// The nearest number of a format, the even one of two; F is double or long double.
template <class F>
F round_to(Kind kind, F value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const Format& f = format(kind);
  int exponent;
  std::frexp(value, &exponent);
  const int quantum = std::max(exponent - f.precision, f.lowest);
  const F rounded = std::ldexp(std::nearbyint(std::ldexp(value, -quantum)), quantum);
  return std::fabs(rounded) < std::ldexp(F{1}, f.highest) ? rounded
                                                          : std::copysign(std::numeric_limits<F>::infinity(), value);
}

/// The bits of a number of a 16-bit format, and the number that has these bits.
std::uint16_t to_bits(Kind kind, double number);
double from_bits(Kind kind, std::uint16_t bits);

/// A dense array of numbers, by name.
struct Values {
  std::string name;
  Kind kind;
  std::vector<std::byte> bytes;

  Values(std::string name_, Kind kind_, Index size)
      : name(std::move(name_)), kind(kind_), bytes(static_cast<std::size_t>(size * format(kind_).bytes)) {}
  Index size() const { return static_cast<Index>(bytes.size()) / format(kind).bytes; }
  long double operator[](Index i) const;
  void set(Index i, double value);                 // rounds to the kind
  bool operator==(const Values&) const = default;  // bit for bit, NaN included
};

using Outputs = std::vector<Values>;

const Values& named(const Outputs& outputs, const std::string& name);

/// Empty when all bytes are the same, else where they differ first.
std::string difference(const Outputs& actual, const Outputs& expected);

}  // namespace simdnorm::test
