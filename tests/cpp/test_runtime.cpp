// The runtime does what it is told, refuses what it cannot do, and leaves the caller's settings alone.
#include <cfenv>
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

TEST_CASE_TEMPLATE("the caller's rounding mode changes no bit and stays as it was", T, float, double) {
  const ChannelLayout layout{40, 70, 9};
  const Index rows = layout.outer, length = layout.channels * layout.inner;
  const Array<T> x = values<T>(1, rows * length, 0.5);
  const auto run = [&](Array<T>& by_row, Array<T>& by_channel) {
    return layer_norm_forward<T>({.x = x.data(), .rows = rows, .length = length, .y = by_row.data()}) == Status::ok &&
           batch_norm_forward<T>({.x = x.data(), .layout = layout, .y = by_channel.data()}) == Status::ok;
  };
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    Array<T> by_row(x.size()), by_channel(x.size()), by_row_upward(x.size()), by_channel_upward(x.size());
    REQUIRE(run(by_row, by_channel));
    std::fesetround(FE_UPWARD);
    const bool done = run(by_row_upward, by_channel_upward);
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    REQUIRE(done);
    CHECK(after == FE_UPWARD);
    CHECK(by_row_upward == by_row);
    CHECK(by_channel_upward == by_channel);
  }
}
