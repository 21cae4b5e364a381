// The runtime does what it is told, refuses what it cannot do, and leaves the caller's settings alone.
#include <limits>
#include <thread>

#include "operations.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

TEST_CASE("an ISA is in use exactly when it is available and was asked for") {
  const Isa before = active_isa();
  CHECK(available(before));
  CHECK(available(Isa::portable));
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::neon}) {
    CAPTURE(label(isa));
    const Isa previous = active_isa();
    CHECK((use_isa(isa) == Status::ok) == available(isa));
    CHECK(active_isa() == (available(isa) ? isa : previous));
  }
  use_isa(before);
}

TEST_CASE("the thread count is what was set, within reason") {
  const int before = get_num_threads();
  CHECK(before >= 1);
  for (const Index refused : {Index{0}, Index{-1}, std::numeric_limits<Index>::min()}) {
    CHECK(set_num_threads(refused) == Status::invalid_argument);
    CHECK(get_num_threads() == before);
  }
  CHECK(set_num_threads(1) == Status::ok);
  CHECK(get_num_threads() == 1);
  if (build_info().openmp) {
    CHECK(set_num_threads(3) == Status::ok);
    CHECK(get_num_threads() == 3);
  }
  CHECK(set_num_threads(std::numeric_limits<Index>::max()) == Status::ok);
  CHECK(get_num_threads() >= 1);
  CHECK(set_num_threads(before) == Status::ok);
}

TEST_CASE("the library says what it is") {
  CHECK(std::string(build_info().version) == SIMDNORM_VERSION);
  CHECK(std::strlen(build_info().compiler) > 0);
}

TEST_CASE_TEMPLATE("many threads may call at once", T, float, double) {
  for (const auto& [title, operation] : operations<T>()) {
    CAPTURE(title);
    const Outputs<T> alone = operation({});
    std::vector<int> same(8);
    {
      std::vector<std::jthread> callers;
      for (int& result : same) {
        callers.emplace_back([&result, &alone, run = operation] { result = run({}) == alone; });
      }
    }
    CHECK(std::count(same.begin(), same.end(), 1) == 8);
  }
}

TEST_CASE_TEMPLATE("the caller's rounding mode and flushing of denormals change no bit, and stay", T, float, double) {
  for (const auto& [title, operation] : operations<T>()) {
    for (const Isa isa : available_isas()) {
      INFO("title ", title, ", isa ", label(isa));
      const Outputs<T> expected = on<T>(isa, operation);
      for (const auto settings : {FloatSettings::kUpward, FloatSettings::kFlush}) {
        CHECK(on<T>(isa, operation, {.settings = settings}) == expected);
      }
    }
  }
}

TEST_CASE_TEMPLATE("the caller's flushing of denormals flushes none of ours", T, float, double) {
  const Index rows = 3, length = 40;
  Array<T> x = values<T>(1, rows * length);
  for (T& value : x) value *= std::numeric_limits<T>::min() / 4;
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    Array<T> expected(x.size()), y(x.size());
    REQUIRE(layer_norm_forward<T>({.x = x.data(), .rows = rows, .length = length, .y = expected.data()}) == Status::ok);
    {
      const FloatSettings settings(FloatSettings::kFlush);
      REQUIRE(layer_norm_forward<T>({.x = x.data(), .rows = rows, .length = length, .y = y.data()}) == Status::ok);
    }
    CHECK(expected[0] != 0);
    CHECK(y == expected);
  }
}
