// Threads may do everything at once: call, call first, and change how many threads and which ISA the calls of all use.
// Under the thread sanitizer (preset `thread`) these tests, and all others, also show that there is no race.
#include <atomic>
#include <latch>
#include <thread>

#include "inputs.hpp"
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

constexpr int kCallers = 8;

#if defined(__SANITIZE_THREAD__)
constexpr bool kSeesRaces = true;
#elif defined(__has_feature)
constexpr bool kSeesRaces = __has_feature(thread_sanitizer);
#else
constexpr bool kSeesRaces = false;
#endif

/// What each loop shape does alone and what it shares with a team.
const std::vector<Shape> some = {rows_of(130, 127),
                                 rows_of(3, 25000),
                                 RowLayout{5, 3, 4, 30, 3},
                                 {ChannelLayout{37, 1, 30, 1}, 3},
                                 {ChannelLayout{5, 1, 12, 1490}, 3}};

/// work(number) by several threads, which all begin at the same time.
template <class Work>
void at_once(Work work) {
  std::latch start(kCallers);
  std::vector<std::jthread> callers;
  for (int number = 0; number < kCallers; ++number) {
    callers.emplace_back([&, number] {
      start.arrive_and_wait();
      work(number);
    });
  }
}

}  // namespace

// First in this file, and so in the process of its ctest: the threads below find nothing that was called before.
TEST_CASE("many threads may make the first call") {
  constexpr Index rows = 64, length = 1024;
  std::vector<std::vector<float>> results(kCallers, std::vector<float>(rows * length));
  const std::vector<float> ones(rows * length, 1.0F);
  at_once([&](int number) {
    float* y = results[static_cast<std::size_t>(number)].data();
    (void)layer_norm_forward<float>({.x = ones.data(), .layout = rows_of(rows, length), .y = y});
  });
  for (const std::vector<float>& result : results) CHECK(result == std::vector<float>(rows * length, 0.0F));
}

TEST_CASE("many threads may call at once") {
  on_each_isa(problems(some), {active_isa()}, [](const Trial& trial) {
    const Outputs alone = trial.run();  // makes the inputs, too, which the threads then only read
    std::vector<int> same(kCallers);
    at_once([&](int number) { same[static_cast<std::size_t>(number)] = trial.outcome().outputs == alone; });
    CHECK(std::count(same.begin(), same.end(), 1) == kCallers);
  });
}

TEST_CASE("threads may call while others change the number of threads and the ISA, and the bits are the same") {
  std::vector<Isa> isas = fused_isas();
  if (isas.empty()) isas = {Isa::portable};
  on_each_isa(problems(some), {isas.front()}, [&](const Trial& trial) {
    const Setting restored(active_isa());
    const Outputs alone = trial.run();
    std::atomic<int> calling{kCallers - 2}, same{0};
    at_once([&](int number) {
      if (number == 0) {
        for (Index n = 1; calling > 0; n = n % 5 + 1) set_num_threads(n);
      } else if (number == 1) {
        for (std::size_t i = 0; calling > 0; ++i) use_isa(isas[i % isas.size()]);
      } else {
        same += trial.outcome().outputs == alone;
        --calling;
      }
    });
    CHECK(same == kCallers - 2);
  });
}

// Values are then nobody's promise; the address sanitizer sees whether anything else is written than what was given.
TEST_CASE("a thread may change the mask while others are in calls" * doctest::skip(kSeesRaces)) {
  for (const ChannelLayout layout : {ChannelLayout{4, 1, 8, 5000}, ChannelLayout{4, 5000, 8, 1}}) {
    const auto size = static_cast<std::size_t>(layout.samples * layout.outer * layout.inner);
    std::vector<std::uint8_t> mask(size, 1);
    const Mask values = {reinterpret_cast<const bool*>(mask.data()), true, true, false, true};
    const std::vector<float> x(size * 8, 1.0F);
    std::atomic<int> calling{kCallers - 1};
    at_once([&](int number) {
      if (number == 0) {
        for (std::uint64_t round = 0; calling > 0; ++round) {
          for (std::size_t i = 0; i < size; ++i) mask[i] = round % 2 == 0 || random_number(1, i) > 0;
        }
      } else {
        std::vector<float> y(x.size());
        for (int i = 0; i < 20; ++i) {
          (void)group_norm_forward<float>(
              {.x = x.data(), .layout = layout, .groups = 2, .mask = values, .y = y.data()});
        }
        --calling;
      }
    });
  }
}

TEST_CASE("a thread with a count of its own changes nobody else's") {
  const int before = get_num_threads();
  CHECK(set_own_threads(before + 2) == 0);
  CHECK(get_num_threads() == before + 2);
  int elsewhere = 0;
  std::jthread([&] { elsewhere = get_num_threads(); }).join();
  CHECK(elsewhere == before);
  CHECK(set_own_threads(0) == before + 2);
  CHECK(get_num_threads() == before);
}
