// What cannot be right is refused with a status, and nothing has been written.
#include <cmath>
#include <limits>

#include "support.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double infinite = std::numeric_limits<double>::infinity();

/// `spoil` makes one member of a good operation wrong.
template <class Operation, class Run, class Spoil>
void refuses(const char* what, Operation operation, Run run, Spoil spoil) {
  CAPTURE(what);
  spoil(operation);
  CHECK(run(operation) == Status::invalid_argument);
}

}  // namespace

TEST_CASE_TEMPLATE("layer_norm refuses what cannot be right and writes nothing", T, float, double) {
  const Array<T> x = values<T>(1, 6);
  Array<T> y(6), mean(2), rstd(2);
  const LayerNormForward<T> good{.x = x.data(), .rows = 2, .length = 3, .y = y.data(), .mean = mean.data()};
  const auto run = [](const LayerNormForward<T>& op) { return layer_norm_forward(op); };
  refuses("x", good, run, [](auto& op) { op.x = nullptr; });
  refuses("y", good, run, [](auto& op) { op.y = nullptr; });
  refuses("rows", good, run, [](auto& op) { op.rows = -1; });
  refuses("length", good, run, [](auto& op) { op.length = -1; });
  for (const double eps : {-1e-5, not_a_number, infinite}) refuses("eps", good, run, [=](auto& op) { op.eps = eps; });
  CHECK(y == Array<T>(6));
  CHECK(mean == Array<T>(2));

  const LayerNormBackward<T> backward{
      .dy = x.data(), .x = x.data(), .rows = 2, .length = 3, .mean = mean.data(), .rstd = rstd.data(), .dx = y.data()};
  const auto run_backward = [](const LayerNormBackward<T>& op) { return layer_norm_backward(op); };
  refuses("dy", backward, run_backward, [](auto& op) { op.dy = nullptr; });
  refuses("x", backward, run_backward, [](auto& op) { op.x = nullptr; });
  refuses("mean", backward, run_backward, [](auto& op) { op.mean = nullptr; });
  refuses("rstd", backward, run_backward, [](auto& op) { op.rstd = nullptr; });
  refuses("rows", backward, run_backward, [](auto& op) { op.rows = -1; });
  CHECK(y == Array<T>(6));
}

TEST_CASE_TEMPLATE("batch_norm refuses what cannot be right and writes nothing", T, float, double) {
  const Array<T> x = values<T>(1, 6);
  Array<T> y(6), mean(3), rstd(3), running_mean(3), running_var(3);
  const BatchNormForward<T> good{.x = x.data(),
                                 .layout = {2, 3, 1},
                                 .running_mean = running_mean.data(),
                                 .running_var = running_var.data(),
                                 .y = y.data()};
  const auto run = [](const BatchNormForward<T>& op) { return batch_norm_forward(op); };
  refuses("x", good, run, [](auto& op) { op.x = nullptr; });
  refuses("y", good, run, [](auto& op) { op.y = nullptr; });
  refuses("outer", good, run, [](auto& op) { op.layout.outer = -1; });
  refuses("channels", good, run, [](auto& op) { op.layout.channels = -1; });
  refuses("inner", good, run, [](auto& op) { op.layout.inner = -1; });
  refuses("no value per channel", good, run, [](auto& op) { op.layout.outer = 0; });
  refuses("one value per channel", good, run, [](auto& op) { op.layout.outer = 1; });
  refuses("running_mean alone", good, run, [](auto& op) { op.running_var = nullptr; });
  refuses("running_var alone", good, run, [](auto& op) { op.running_mean = nullptr; });
  for (const double eps : {-1e-5, not_a_number, infinite}) refuses("eps", good, run, [=](auto& op) { op.eps = eps; });
  for (const double momentum : {-0.1, 1.1, not_a_number}) {
    refuses("momentum", good, run, [=](auto& op) { op.momentum = momentum; });
  }
  CHECK(y == Array<T>(6));
  CHECK(running_mean == Array<T>(3));
  CHECK(running_var == Array<T>(3));

  const BatchNormInference<T> inference{
      .x = x.data(), .layout = {2, 3, 1}, .running_mean = mean.data(), .running_var = mean.data(), .y = y.data()};
  const auto run_inference = [](const BatchNormInference<T>& op) { return batch_norm_inference(op); };
  refuses("running_mean", inference, run_inference, [](auto& op) { op.running_mean = nullptr; });
  refuses("running_var", inference, run_inference, [](auto& op) { op.running_var = nullptr; });

  const BatchNormBackward<T> backward{
      .dy = x.data(), .x = x.data(), .layout = {2, 3, 1}, .mean = mean.data(), .rstd = rstd.data(), .dx = y.data()};
  const auto run_backward = [](const BatchNormBackward<T>& op) { return batch_norm_backward(op); };
  refuses("dy", backward, run_backward, [](auto& op) { op.dy = nullptr; });
  refuses("mean", backward, run_backward, [](auto& op) { op.mean = nullptr; });
  refuses("rstd", backward, run_backward, [](auto& op) { op.rstd = nullptr; });
  CHECK(y == Array<T>(6));
}

TEST_CASE_TEMPLATE("nothing in gives nothing out, and gradients of the parameters that are zero", T, float, double) {
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    Array<T> dweight = values<T>(1, 4), dbias = values<T>(2, 4), empty(0);
    REQUIRE(layer_norm_backward<T>({.dy = empty.data(),
                                    .x = empty.data(),
                                    .rows = 0,
                                    .length = 4,
                                    .mean = empty.data(),
                                    .rstd = empty.data(),
                                    .dweight = dweight.data(),
                                    .dbias = dbias.data()}) == Status::ok);
    CHECK(dweight == Array<T>(4));
    CHECK(dbias == Array<T>(4));
  }
}

TEST_CASE("every status has a sentence") {
  for (const Status status : {Status::ok, Status::invalid_argument, Status::out_of_memory}) {
    REQUIRE(message(status) != nullptr);
    CHECK(std::strlen(message(status)) > 0);
  }
}
