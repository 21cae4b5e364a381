// What cannot be right is refused with a status, and nothing has been written.
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const std::vector<Shape> small = {rows_of(4, 6), {ChannelLayout{4, 3, 6, 1}, 2}, {ChannelLayout{4, 1, 6, 5}, 2}};

/// A trial of every operation in every type.
template <class F>
void on_each(F visit) {
  on_each_isa(problems(small), {active_isa()}, visit);
}

/// Told something else than its arrays are, an operation refuses.
template <class F>
void refuses(const Trial& trial, const char* what, F spoil) {
  CAPTURE(what);
  CHECK(trial.refused({.spoil = spoil}));
}

}  // namespace

TEST_CASE("a required array that is null is refused, and nothing is written") {
  on_each([](const Trial& trial) {
    const Outcome good = trial.outcome();
    REQUIRE(good.status == Status::ok);
    REQUIRE(!good.required.empty());
    for (const std::string& name : good.required) {
      CAPTURE(name);
      CHECK(trial.refused({.without = {name}}));
    }
    for (const std::string& name : good.optional) {
      CAPTURE(name);
      CHECK(trial.outcome({.without = {name}}).status == Status::ok);
    }
  });
}

TEST_CASE("a negative size is refused, and nothing is written") {
  Index RowLayout::* const of_rows[] = {&RowLayout::outer, &RowLayout::segments, &RowLayout::middle, &RowLayout::length,
                                        &RowLayout::inner};
  Index ChannelLayout::* const of_channels[] = {&ChannelLayout::samples, &ChannelLayout::outer,
                                                &ChannelLayout::channels, &ChannelLayout::inner};
  on_each([&](const Trial& trial) {
    if (trial.problem().shape.by_channel) {
      for (const auto size : of_channels) {
        refuses(trial, "channels", [=](Problem& told) { told.shape.channels.*size = -1; });
      }
    } else {
      for (const auto size : of_rows) refuses(trial, "rows", [=](Problem& told) { told.shape.rows.*size = -1; });
    }
  });
}

TEST_CASE("sizes that no array can have are refused, and nothing is written") {
  constexpr Index vast = Index{1} << 32;  // 2^64 elements: as an Index, none
  on_each([&](const Trial& trial) {
    for (const Index other : {Index{0}, Index{1}}) {
      if (trial.problem().shape.by_channel) {
        refuses(trial, "channels", [=](Problem& told) { told.shape.channels = {vast, vast, other, 1}; });
        refuses(trial, "inner", [=](Problem& told) { told.shape.channels = {other, 1, vast, vast}; });
      } else {
        refuses(trial, "rows", [=](Problem& told) { told.shape.rows = {vast, 1, 1, vast, other}; });
        refuses(trial, "kept", [=](Problem& told) { told.shape.rows = {vast, other, vast, 1, 1}; });
      }
    }
    refuses(trial, "bytes", [](Problem& told) {
      told.shape.rows = rows_of(Index{1} << 60, 1);
      told.shape.channels = {Index{1} << 60, 1, 1, 1};
    });
  });
}

TEST_CASE("rows that are not trailing are refused beside a residual") {
  on_each([](const Trial& trial) {
    if (trial.problem().operation->family != Family::trailing_rows) return;
    for (const RowLayout layout : {RowLayout{2, 2, 1, 6, 1}, RowLayout{2, 1, 2, 6, 1}, RowLayout{4, 1, 1, 3, 2}}) {
      refuses(trial, "layout", [=](Problem& told) { told.shape.rows = layout; });
    }
  });
}

TEST_CASE("groups that do not divide the channels are refused") {
  on_each([](const Trial& trial) {
    if (trial.problem().operation->family != Family::groups) return;
    for (const Index groups : {-1, 0, 4, 5, 12}) {
      refuses(trial, "groups", [=](Problem& told) { told.shape.groups = groups; });
    }
    for (const Index groups : {Index{-1}, Index{1} << 56, std::numeric_limits<Index>::max()}) {
      refuses(trial, "groups of no channels", [=](Problem& told) {
        told.shape.channels.channels = 0;
        told.shape.groups = groups;
      });
    }
  });
}

TEST_CASE("eps and momentum that are no such numbers are refused") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  on_each([&](const Trial& trial) {
    const Operation& operation = *trial.problem().operation;
    if (operation.has("forward") || operation.has("inference")) {
      for (const double eps : {-1e-5, not_a_number, infinite}) {
        refuses(trial, "eps", [=](Problem& told) { told.eps = eps; });
      }
    }
    if (operation.needs_two()) {
      for (const double momentum : {-0.1, 1.1, not_a_number}) {
        refuses(trial, "momentum", [=](Problem& told) { told.momentum = momentum; });
      }
    }
  });
}

TEST_CASE("statistics of fewer than two values are refused") {
  on_each([](const Trial& trial) {
    const Operation& operation = *trial.problem().operation;
    if (!operation.needs_two()) return;
    const Index samples = operation.family == Family::batch ? 1 : 4;
    refuses(trial, "one value", [=](Problem& told) { told.shape.channels = {samples, 1, 6, 1}; });
    refuses(trial, "no value", [=](Problem& told) { told.shape.channels = {samples, 1, 6, 0}; });
  });
}

TEST_CASE("running statistics are both given or neither is") {
  on_each([](const Trial& trial) {
    if (!trial.problem().operation->needs_two()) return;
    CHECK(trial.outcome({.without = {"running_mean", "running_var"}}).status == Status::ok);
  });
}

TEST_CASE("every status has a sentence") {
  for (const Status status : {Status::ok, Status::invalid_argument, Status::out_of_memory}) {
    REQUIRE(message(status) != nullptr);
    CHECK(std::strlen(message(status)) > 0);
  }
}
