// 16-bit numbers are widened exactly and rounded to nearest even, NaN, infinities and denormals among them: all of
// their bit patterns, through public operations, against the arithmetic of numbers.hpp.
#include "isas.hpp"
#include "numbers.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

constexpr Index kPatterns = 65536;

/// Rows of odd lengths end in every lane; short images do so often.
const Index kRowLength = 331, kRows = kPatterns / kRowLength + 1, kPadded = kRows * kRowLength;

template <class E>
std::vector<E> all_patterns() {
  std::vector<E> result(static_cast<std::size_t>(kPadded));
  for (std::size_t i = 0; i < result.size(); ++i) result[i].bits = static_cast<std::uint16_t>(i);
  return result;
}

/// The same number, or NaN both; zeros have no sign here.
bool same(Kind kind, std::uint16_t actual, double expected) {
  const double number = from_bits(kind, actual);
  return std::isnan(expected) ? std::isnan(number) : number == expected;
}

template <class E>
std::vector<E> summed(const std::vector<E>& x, const std::vector<E>& residual) {
  std::vector<E> y(x.size()), result(x.size());
  REQUIRE(add_layer_norm_forward<E, E>({.x = x.data(),
                                        .residual = residual.data(),
                                        .layout = rows_of(kRows, kRowLength),
                                        .y = y.data(),
                                        .summed = result.data()}) == Status::ok);
  return result;
}

/// Each number, the middle between it and the next, and the float32 before and behind that.
template <class E>
std::vector<float> numbers_to_round() {
  std::vector<float> result = {1e-45f,
                               -1e-45f,
                               std::numeric_limits<float>::min(),
                               std::numeric_limits<float>::max(),
                               -std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN(),
                               -std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::signaling_NaN()};
  for (Index bits = 0; bits < kPatterns; ++bits) {
    const double number = from_bits(kind_of<E>, static_cast<std::uint16_t>(bits));
    if (!std::isfinite(number)) continue;
    int exponent;
    std::frexp(number, &exponent);
    const Format& f = format(kind_of<E>);
    const double step = std::ldexp(1, std::max(exponent - f.precision, f.lowest));
    const auto middle = static_cast<float>(number + std::copysign(step / 2, number));
    for (const float value : {static_cast<float>(number), middle, std::nextafter(middle, 0.0f),
                              std::nextafter(middle, std::copysign(std::numeric_limits<float>::infinity(), middle))}) {
      result.push_back(value);
    }
  }
  while (result.size() % static_cast<std::size_t>(kRowLength) != 0) result.push_back(0);
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("every finite 16-bit number is widened exactly", E, float16, bfloat16) {
  const std::vector<E> x = all_patterns<E>();
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    std::vector<E> y(x.size());
    std::vector<float> mean(x.size());  // of rows of one element
    REQUIRE(layer_norm_forward<E, E>(
                {.x = x.data(), .layout = rows_of(kPadded, 1), .y = y.data(), .mean = mean.data()}) == Status::ok);
    Index wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double number = from_bits(kind_of<E>, x[i].bits);
      wrong += std::isfinite(number) && static_cast<double>(mean[i]) != number;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("every 16-bit pattern survives the addition of minus zero, NaN as a NaN", E, float16, bfloat16) {
  const std::vector<E> x = all_patterns<E>(), minus_zero(x.size(), E{0x8000});
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    const std::vector<E> sum = summed(x, minus_zero);
    Index wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double number = from_bits(kind_of<E>, x[i].bits);
      wrong += std::isnan(number) ? !same(kind_of<E>, sum[i].bits, number) : sum[i].bits != x[i].bits;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("sums of 16-bit numbers are rounded once, to nearest even", E, float16, bfloat16) {
  const std::vector<E> x = all_patterns<E>();
  for (const Isa isa : available_isas()) {
    const Setting setting(isa);
    for (const unsigned factor : {1u, 3u, 257u, 40503u, 25717u, 65535u}) {  // odd: every pattern meets another one
      INFO(label(isa), ", factor ", factor);
      std::vector<E> residual = x;
      for (E& value : residual) value.bits = static_cast<std::uint16_t>(value.bits * factor + 12345u);
      const std::vector<E> sum = summed(x, residual);
      Index wrong = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        // In a double the sum is exact, or so lopsided that its rounding decides no tie.
        const double exact = from_bits(kind_of<E>, x[i].bits) + from_bits(kind_of<E>, residual[i].bits);
        wrong += !same(kind_of<E>, sum[i].bits, round_to(kind_of<E>, exact));
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE_TEMPLATE("float32 is rounded to nearest even in rows and in columns", E, float16, bfloat16) {
  const std::vector<float> bias = numbers_to_round<E>();
  const auto size = static_cast<Index>(bias.size());
  const std::vector<double> mean(bias.size(), 0), rstd(bias.size(), 1);
  for (const Isa isa : available_isas()) {
    const Setting setting(isa);
    for (const Index inner : {1, 3, 21}) {
      INFO(label(isa), ", inner ", inner);
      const std::vector<E> x(static_cast<std::size_t>(size * inner), E{0});
      std::vector<E> y(x.size());
      REQUIRE(batch_norm_apply<E, float>({.x = x.data(),
                                          .layout = {1, 1, size, inner},
                                          .mean = mean.data(),
                                          .rstd = rstd.data(),
                                          .bias = bias.data(),
                                          .y = y.data()}) == Status::ok);
      Index wrong = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double expected = round_to(kind_of<E>, static_cast<double>(bias[i / static_cast<std::size_t>(inner)]));
        wrong += !same(kind_of<E>, y[i].bits, expected);
      }
      CHECK(wrong == 0);
    }
  }
}
