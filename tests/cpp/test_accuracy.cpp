// Every operation keeps the accuracy promise, in every type, for every shape, alignment, ISA and choice of options.
#include "accuracy.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const std::vector<Shape> small = {
    rows_of(6, 100),
    RowLayout{4, 1, 1, 30, 9},
    RowLayout{3, 4, 2, 5, 3},
    {ChannelLayout{16, 1, 6, 1}, 2},
    {ChannelLayout{4, 1, 6, 50}, 2},
    {ChannelLayout{4, 50, 6, 1}, 2},
};

}  // namespace

TEST_CASE("accurate at every length and alignment") {
  for (const Types& types : kTypes) {
    for (const Index length : lengths(types)) {
      std::vector<Problem> cases = problems(shapes_of_length(length));
      std::erase_if(cases, [&](const Problem& problem) { return problem.types != types; });
      check_accuracy(cases, {0, 5});
    }
  }
}

TEST_CASE("accurate for any number of rows and samples") {
  for (const Index n : {0, 1, 2, 3, 4, 7, 8, 9, 33, 130, 1030}) {
    std::vector<Shape> shapes = {rows_of(n, 40), RowLayout{1, 1, 1, n, 21}, RowLayout{2, n, 3, 2, 1}};
    if (n > 1 || n == 0) shapes.push_back({ChannelLayout{n, 1, 20, 1}, 4});
    if (n > 1) shapes.push_back({ChannelLayout{1, n, 20, 1}, 4});
    if (n > 0) shapes.push_back({ChannelLayout{n, 3, 4, 1}, 2});
    check_accuracy(problems(shapes));
  }
}

TEST_CASE("accurate with weight and bias or without") {
  for (const bool weighted : {false, true}) {
    for (const bool biased : {false, true}) {
      check_accuracy(
          with(problems(small), [=](Problem& problem) { problem.weighted = weighted, problem.biased = biased; }));
    }
  }
}

TEST_CASE("accurate when the mean dwarfs the spread") {
  for (const double ratio : {1e2, 1e4, 1e6, 1e8}) {
    std::vector<Problem> cases = with(problems(small), [=](Problem& problem) {
      problem.center = ratio;
      problem.spread = std::max(1.0, 8 * ratio * static_cast<double>(unit(problem.types.elements)));  // some numbers
    });
    std::erase_if(cases, [](const Problem& problem) {
      return problem.center + problem.spread > std::ldexp(1, format(problem.types.elements).highest - 1);
    });
    check_accuracy(cases);
  }
}

TEST_CASE("running statistics move as promised") {
  for (const double momentum : {0.0, 0.1, 1.0}) {
    for (const bool unbiased : {false, true}) {
      for (const char* name : {"batch_norm_forward", "instance_norm_forward"}) {
        if (!unbiased && operation(name).family == Family::instances) continue;
        check_accuracy(with(problems(operation(name), small),
                            [=](Problem& problem) { problem.momentum = momentum, problem.unbiased = unbiased; }));
      }
    }
  }
}

TEST_CASE("constant values give the bias exactly and the weight no gradient") {
  for (const double constant : {0.0, 0.1, 14.0, 30000.0, 1e30}) {
    std::vector<Problem> cases =
        with(problems(small), [=](Problem& problem) { problem.change = [=](Index, double) { return constant; }; });
    std::erase_if(cases, [=](const Problem& problem) {
      return !problem.operation->centered() || problem.operation->statistics == Statistics::given ||
             problem.operation->has("add_") || !std::isfinite(round_to(problem.types.elements, constant));
    });
    on_each_isa(cases, available_isas(), [](const Trial& trial) {
      for (const Values& output : trial.run()) {
        const Values& bias = trial.input("bias");
        bool exact = true;
        for (Index e = 0; e < output.size(); ++e) {
          const Index parameter = output.name == "y" ? trial.pattern().parameter[static_cast<std::size_t>(e)] : 0;
          if (output.name == "y") exact &= output[e] == round_to(output.kind, bias[parameter]);
          if (output.name == "dweight") exact &= output[e] == 0;
        }
        INFO(output.name);
        CHECK(exact);
      }
    });
  }
}
