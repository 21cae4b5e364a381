// NaN, infinity, squares that overflow and denormals: one bad row spoils itself only, and scale never matters.
#include <cmath>
#include <limits>

#include "support.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

template <class T>
Array<T> layer_norm(const Array<T>& x, Index length, double eps) {
  Array<T> y(x.size());
  REQUIRE(layer_norm_forward<T>(
              {.x = x.data(), .rows = x.size() / length, .length = length, .eps = eps, .y = y.data()}) == Status::ok);
  return y;
}

template <class T>
Array<T> batch_norm(const Array<T>& x, const ChannelLayout& layout, double eps) {
  Array<T> y(x.size());
  REQUIRE(batch_norm_forward<T>({.x = x.data(), .layout = layout, .eps = eps, .y = y.data()}) == Status::ok);
  return y;
}

/// The elements that satisfy `spoiled` are NaN, and all others have the bits of the clean run.
template <class T, class F>
bool only_spoiled(const Array<T>& clean, const Array<T>& dirty, F spoiled) {
  for (Index e = 0; e < clean.size(); ++e) {
    const bool same = std::memcmp(&clean[e], &dirty[e], sizeof(T)) == 0;
    if (spoiled(e) ? !std::isnan(dirty[e]) : !same) return false;
  }
  return true;
}

template <class T>
bool all_plus_minus_one(const Array<T>& y) {  // within 4 u of xhat and 2 u of y
  const T bound = 3 * std::numeric_limits<T>::epsilon();
  return std::all_of(y.begin(), y.end(), [=](T value) { return std::fabs(std::fabs(value) - 1) <= bound; });
}

template <class T>
constexpr T bad_values[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                            -std::numeric_limits<T>::infinity()};

}  // namespace

TEST_CASE_TEMPLATE("a NaN or an infinity in one row spoils that row alone", T, float, double) {
  const Index length = 1030;
  Array<T> x = values<T>(1, 5 * length);
  for (const Isa isa : available_isas()) {
    const Setting setting(isa);
    const Array<T> clean = layer_norm(x, length, 1e-5);
    for (const T bad : bad_values<T>) {
      INFO("isa ", label(isa), ", bad ", bad);
      Array<T> spoiled = x;
      spoiled[3 * length + 7] = bad;
      CHECK(only_spoiled(clean, layer_norm(spoiled, length, 1e-5), [=](Index e) { return e / length == 3; }));
    }
  }
}

TEST_CASE_TEMPLATE("a NaN or an infinity in one channel spoils that channel alone", T, float, double) {
  for (const ChannelLayout layout : {ChannelLayout{9, 21, 1}, ChannelLayout{3, 5, 70}}) {
    Array<T> x = values<T>(1, layout.outer * layout.channels * layout.inner);
    const auto channel = [=](Index e) { return e / layout.inner % layout.channels; };
    for (const Isa isa : available_isas()) {
      const Setting setting(isa);
      const Array<T> clean = batch_norm(x, layout, 1e-5);
      for (const T bad : bad_values<T>) {
        INFO("isa ", label(isa), ", bad ", bad, ", inner ", layout.inner);
        Array<T> spoiled = x;
        spoiled[x.size() / 2] = bad;
        CHECK(only_spoiled(clean, batch_norm(spoiled, layout, 1e-5),
                           [=](Index e) { return channel(e) == channel(x.size() / 2); }));
      }
    }
  }
}

TEST_CASE_TEMPLATE("values whose squares overflow or vanish come out as plus and minus one", T, float, double) {
  const T largest = std::numeric_limits<T>::max(), denormal = 1000 * std::numeric_limits<T>::denorm_min();
  const T huge = std::sqrt(largest) * 1000, tiny = 1 / huge;
  for (const T magnitude : {largest, huge, tiny, denormal}) {
    for (const Index length : {2, 16, 130, 2000}) {
      Array<T> x(4 * length);
      for (Index e = 0; e < x.size(); ++e) x[e] = e % 2 ? -magnitude : magnitude;
      for (const Isa isa : available_isas()) {
        INFO("isa ", label(isa), ", magnitude ", magnitude, ", length ", length);
        const Setting setting(isa);
        CHECK(all_plus_minus_one(layer_norm(x, length, 0)));
        CHECK(all_plus_minus_one(batch_norm(x, {2, 2, length}, 0)));
        Array<T> alternating(x.size());  // along N, for the columns
        for (Index e = 0; e < x.size(); ++e) alternating[e] = e / length % 2 ? -magnitude : magnitude;
        CHECK(all_plus_minus_one(batch_norm(alternating, {4, length, 1}, 0)));
      }
    }
  }
}
