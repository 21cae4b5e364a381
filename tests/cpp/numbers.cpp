#include "numbers.hpp"

#include <algorithm>

namespace simdnorm::test {
namespace {

int exponent_bits(Kind kind) { return 16 - format(kind).precision; }
int bias(Kind kind) { return format(kind).highest - 1; }

template <class T>
T read(const std::byte* place) {
  T value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

}  // namespace

std::uint16_t to_bits(Kind kind, double number) {
  const int stored = format(kind).precision - 1;  // bits of the fraction; the leading one is not stored
  const unsigned sign = std::signbit(number) ? 0x8000u : 0u;
  const unsigned special = ((1u << exponent_bits(kind)) - 1) << stored;
  if (std::isnan(number)) return static_cast<std::uint16_t>(sign | special | 1u << (stored - 1));
  if (std::isinf(number)) return static_cast<std::uint16_t>(sign | special);
  if (number == 0) return static_cast<std::uint16_t>(sign);
  int exponent;
  std::frexp(number, &exponent);
  // Counted in the format's smallest steps a denormal is its own bits; above, each exponent adds 2^stored.
  const int quantum = std::max(exponent - format(kind).precision, format(kind).lowest);
  const auto steps = static_cast<unsigned>(std::ldexp(std::fabs(number), -quantum));
  return static_cast<std::uint16_t>(sign + (static_cast<unsigned>(quantum - format(kind).lowest) << stored) + steps);
}

double from_bits(Kind kind, std::uint16_t bits) {
  const int stored = format(kind).precision - 1;
  const int exponent = bits >> stored & ((1 << exponent_bits(kind)) - 1), fraction = bits & ((1 << stored) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits(kind)) - 1) {
    return std::copysign(fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity(),
                         sign);
  }
  const int leading = exponent ? 1 << stored : 0;
  return sign * std::ldexp(leading + fraction, std::max(exponent, 1) - bias(kind) - stored);
}

long double Values::operator[](Index i) const {
  const std::byte* place = bytes.data() + i * format(kind).bytes;
  if (kind == Kind::float32) return read<float>(place);
  if (kind == Kind::float64) return read<double>(place);
  if (kind == Kind::int64) return static_cast<long double>(read<Index>(place));
  if (kind == Kind::boolean) return read<bool>(place);
  return from_bits(kind, read<std::uint16_t>(place));
}

void Values::set(Index i, double value) {
  std::byte* place = bytes.data() + i * format(kind).bytes;
  const auto write = [place](auto number) { std::memcpy(place, &number, sizeof number); };
  if (kind == Kind::float32) return write(static_cast<float>(value));
  if (kind == Kind::float64) return write(value);
  if (kind == Kind::int64) return write(static_cast<Index>(value));
  if (kind == Kind::boolean) return write(value != 0);
  write(to_bits(kind, round_to(kind, value)));
}

const Values& named(const Outputs& outputs, const std::string& name) {
  return *std::find_if(outputs.begin(), outputs.end(), [&](const Values& output) { return output.name == name; });
}

std::string difference(const Outputs& actual, const Outputs& expected) {
  if (actual == expected) return "";
  if (actual.size() != expected.size()) return "another number of arrays";
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Values &a = actual[i], &e = expected[i];
    if (a == e) continue;
    if (a.name != e.name || a.size() != e.size()) return a.name + " beside " + e.name + " or of another size";
    const auto byte = std::mismatch(a.bytes.begin(), a.bytes.end(), e.bytes.begin()).first - a.bytes.begin();
    const Index at = static_cast<Index>(byte) / format(a.kind).bytes;
    return a.name + "[" + std::to_string(at) + "] is " + std::to_string(a[at]) + ", not " + std::to_string(e[at]);
  }
  return "";
}

}  // namespace simdnorm::test
