// The runtime does what it is told, refuses what it cannot do, and leaves the caller's settings alone.
#include <algorithm>
#include <limits>
#include <set>
#include <thread>

#include "float_settings.hpp"
#include "runtime/parallel.hpp"
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const std::vector<Shape> some = {rows_of(130, 127),
                                 RowLayout{5, 3, 4, 30, 3},
                                 {ChannelLayout{37, 1, 30, 1}, 3},
                                 {ChannelLayout{5, 1, 12, 149}, 3},
                                 rows_of(4, 0),
                                 {ChannelLayout{2, 1, 6, 0}, 3}};

}  // namespace

TEST_CASE("an ISA is in use exactly when it is available and was asked for") {
  const Isa before = active_isa();
  CHECK(available(before));
  CHECK(available(Isa::portable));
  for (const Isa isa : kIsas) {
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

TEST_CASE("a team has as many members as it was asked for, each a thread, and their shares are all there is") {
  for (const int n : {1, 2, 3, 5, 8}) {
    if (n > 1 && !has_openmp()) break;
    constexpr Index work = 1000;
    std::vector<std::thread::id> members(static_cast<std::size_t>(n));
    std::vector<int> done(work);
    parallel(n, [&](const Team& team) {
      if (team.size() == n) members[static_cast<std::size_t>(team.rank())] = std::this_thread::get_id();
      team.each(work, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) ++done[static_cast<std::size_t>(i)];
      });
    });
    CAPTURE(n);
    CHECK(std::set(members.begin(), members.end()).size() == members.size());
    CHECK(std::count(members.begin(), members.end(), std::thread::id()) == 0);
    CHECK(std::count(done.begin(), done.end(), 1) == work);
  }
}

TEST_CASE("the library says what it is") {
  CHECK(std::string(build_info().version) == SIMDNORM_VERSION);
  CHECK(std::strlen(build_info().compiler) > 0);
}

TEST_CASE("the caller's rounding mode and flushing of denormals change no bit, and stay") {
  on_each_isa(problems(some), available_isas(), [](const Trial& trial) {
    const Outputs expected = trial.run();
    for (const auto settings : {FloatSettings::kUpward, FloatSettings::kFlush}) {
      CHECK(difference(trial.run({.settings = settings}), expected) == "");
    }
  });
}

TEST_CASE("the caller's flushing of denormals flushes none of ours") {
  std::vector<Problem> cases = problems(some);
  std::erase_if(cases, [](const Problem& problem) { return problem.operation->statistics == Statistics::given; });
  for (Problem& problem : cases) {
    const double step = std::ldexp(1, format(problem.types.elements).lowest);
    problem.change = [=](Index, double value) { return std::nearbyint(value * 6) * step; };
  }
  on_each_isa(cases, available_isas(), [](const Trial& trial) {
    CHECK(difference(trial.run({.settings = FloatSettings::kFlush}), trial.run()) == "");
  });
}
