// The same bits: for any number of threads, any ISA with a hardware fma, any alignment, in place or not, any batch.
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

TEST_CASE("any number of threads gives the same bits") {
  // On one ISA: who cuts the work, and folds what comes of it, has never heard of them.
  on_each_isa(problems(shared_shapes()), {active_isa()}, [](const Trial& trial) {
    const auto with_threads = [&](int threads) {
      const Setting setting(active_isa(), threads);
      return trial.run();
    };
    const Outputs serial = with_threads(1);
    for (const int threads : {2, 3, 7}) CHECK(difference(with_threads(threads), serial) == "");
  });
}

TEST_CASE("every ISA with a hardware fma gives the same bits") {
  std::vector<Isa> others = fused_isas();
  if (others.size() < 2) return;  // aarch64.sh compares with the other machine
  const Isa first = others.back();
  others.pop_back();
  on_each_isa(problems(shapes()), others,
              [=](const Trial& trial) { CHECK(difference(trial.run(), trial.run(first)) == ""); });
}

TEST_CASE("any alignment gives the same bits") {
  on_each_isa(problems(shapes()), available_isas(), [](const Trial& trial) {
    const Outputs aligned = trial.run();
    for (const Index offset : {1, 2, 5}) CHECK(difference(trial.run({.offset = offset}), aligned) == "");
  });
}

TEST_CASE("in place gives the same bits, whichever input is overwritten") {
  on_each_isa(problems(shapes()), available_isas(), [](const Trial& trial) {
    const Outputs apart = trial.run();
    for (const int over : {1, 2, 3}) CHECK(difference(trial.run({.over = over}), apart) == "");
  });
}

TEST_CASE("outputs too large for the caches, and streamed past them, have the same bits") {
  for (const Types& types : {kTypes[0], kTypes[4]}) {
    const Index n = 8 / format(types.elements).bytes;
    std::vector<Problem> large = problems({rows_of(900, 650 * n),   // lines begin elsewhere in each row
                                           rows_of(300, 2048 * n),  // at the same columns in all
                                           rows_of(9000, 65 * n),   // short rows
                                           RowLayout{40, 1, 1, 37, 401 * n},
                                           {ChannelLayout{20, 470, 64 * n, 1}, n},
                                           {ChannelLayout{40, 1, 5, 3001 * n}, 1},
                                           {ChannelLayout{40, 1, 5, 3008 * n}, 1},
                                           {ChannelLayout{33, 1, 410, 49 * n}, 2}});
    std::erase_if(large, [&](const Problem& problem) {
      const bool sums = problem.operation->has("statistics") || problem.operation->has("sums");
      return problem.types != types || sums;
    });
    on_each_isa(large, available_isas(), [](const Trial& trial) {
      const Outputs cached = trial.run({.over = 1});  // what is read again is never streamed
      for (const Index offset : {0, 1}) CHECK(difference(trial.run({.offset = offset}), cached) == "");
    });
  }
}

TEST_CASE("what is not wanted changes no bit of the rest") {
  const std::vector<Shape> small = {
      rows_of(37, 129), RowLayout{2, 3, 5, 7, 11}, {ChannelLayout{37, 1, 12, 1}, 3}, {ChannelLayout{3, 4, 12, 9}, 3}};
  on_each_isa(problems(small), available_isas(), [](const Trial& trial) {
    const Outcome whole = trial.outcome();
    std::vector<std::string> optional;
    for (const Values& output : whole.outputs) {
      if (std::count(whole.optional.begin(), whole.optional.end(), output.name)) optional.push_back(output.name);
    }
    for (unsigned left_out = 1; left_out < 1u << optional.size(); ++left_out) {
      Manner manner;
      for (std::size_t i = 0; i < optional.size(); ++i) {
        if (left_out >> i & 1) manner.without.insert(optional[i]);
      }
      Outputs rest = whole.outputs;
      std::erase_if(rest, [&](const Values& output) { return manner.without.contains(output.name); });
      CHECK(difference(trial.run(manner), rest) == "");
    }
  });
}

TEST_CASE("a sample has the same bits in any batch") {
  for (const Problem& batch : problems(shapes())) {
    const Index samples = batch.shape.samples();
    if (!batch.operation->by_sample() || samples < 2) continue;
    const Trial together(batch);
    for (const Index sample : {Index{0}, Index{1}, samples - 1}) {
      Problem problem = batch;
      problem.first_sample = sample;
      (problem.shape.by_channel ? problem.shape.channels.samples : problem.shape.rows.outer) = 1;
      const Trial alone(problem);
      for (const Isa isa : available_isas()) {
        INFO(problem.title(), ", sample ", sample, " of ", samples, " on ", label(isa));
        Outputs expected = together.run(isa), actual = alone.run(isa);
        // Parameters' gradients and running statistics are sums over the batch.
        const auto of_batch = [](const Values& output) { return output.name[0] == 'd' && output.name != "dx"; };
        const auto running = [](const Values& output) { return output.name.starts_with("running"); };
        for (Outputs* outputs : {&expected, &actual})
          std::erase_if(*outputs, of_batch), std::erase_if(*outputs, running);
        for (Values& output : expected) {
          const auto bytes = static_cast<std::ptrdiff_t>(output.bytes.size()) / samples;
          output.bytes = {output.bytes.begin() + sample * bytes, output.bytes.begin() + (sample + 1) * bytes};
        }
        CHECK(difference(actual, expected) == "");
      }
    }
  }
}
