#include "same_bits.hpp"

#include <benchmark/benchmark.h>

#include <functional>

#include "arrays.hpp"
#include "by_threads/drivers.hpp"
#include "seconds.hpp"

namespace simdnorm::bench {
namespace {

/// The same work by either kind of driver.
struct Contest {
  std::function<void()> by_shape, by_threads;
};

/// `drive(task)` with scratch of its own, as an operation of the library has it.
template <class Drive>
std::function<void()> call(Drive drive) {
  return [drive] {
    Scratch scratch;
    drive(scratch);
  };
}

using A = Arrays<float>;

Rows rows_in(const A& a) { return {a.shape.rows.outer, 1, 1, a.shape.rows.length}; }
Columns columns_in(const A& a) {
  return {1, a.shape.channels.samples * a.shape.channels.outer, a.shape.channels.channels};
}

Contest layer_norm_backward(A& a) {
  const ReducedBackwardTask<float> task = {.dy = a.other.data(),
                                           .x = a.x.data(),
                                           .dx = a.y.data(),
                                           .weight = a.weight.data(),
                                           .mean = a.mean.data(),
                                           .rstd = a.rstd.data(),
                                           .dweight = a.dweight.data(),
                                           .dbias = a.dbias.data()};
  return {call([=, &a](Scratch& scratch) { drive_backward(rows_in(a), task, scratch); }),
          call([=, &a](Scratch& scratch) { drive_backward_by_threads(rows_in(a), task, scratch); })};
}

Contest batch_norm_forward(A& a) {
  const ForwardTask<float> task = {.x = a.x.data(),
                                   .y = a.y.data(),
                                   .weight = a.weight.data(),
                                   .bias = a.bias.data(),
                                   .eps = 1e-5,
                                   .saved = {a.mean.data(), a.rstd.data(), nullptr}};
  return {call([=, &a](Scratch& scratch) { drive_forward(columns_in(a), task, scratch); }),
          call([=, &a](Scratch& scratch) { drive_forward_by_threads(columns_in(a), task, scratch); })};
}

Contest batch_norm_backward(A& a) {
  const auto drive = [&a](Scratch& scratch, auto work) {
    const Index channels = a.shape.channels.channels;
    auto* saved = scratch.take<Standardizer<float>>(channels);
    for (Index c = 0; c < channels; ++c) saved[c] = saved_standardizer(a.mean.data(), a.rstd.data(), c);
    work(KeptBackwardTask<float>{.dy = a.other.data(),
                                 .x = a.x.data(),
                                 .dx = a.y.data(),
                                 .weight = a.weight.data(),
                                 .saved = saved,
                                 .pass = {About::mean, true, false},
                                 .sums = scratch.take<GradientSums>(channels)});
  };
  return {call([=, &a](Scratch& scratch) {
            drive(scratch, [&](const auto& task) { drive_backward(columns_in(a), task, scratch); });
          }),
          call([=, &a](Scratch& scratch) {
            drive(scratch, [&](const auto& task) { drive_backward_by_threads(columns_in(a), task, scratch); });
          })};
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

void measure(benchmark::State& state, Contest (*contest)(A&), const Shape& shape, int threads) {
  A a{.shape = shape};
  set_num_threads(threads);
  const Contest work = contest(a);
  work.by_shape();
  std::vector<double> by_shape, by_threads;
  for (auto _ : state) {
    // Who comes second finds in the caches what the first has left there: they take turns in that as well.
    if (by_shape.size() % 2) by_shape.push_back(seconds(work.by_shape));
    by_threads.push_back(seconds(work.by_threads));
    if (by_shape.size() < by_threads.size()) by_shape.push_back(seconds(work.by_shape));
    state.SetIterationTime(by_shape.back());
  }
  state.counters["by_shape_us"] = 1e6 * median(by_shape);
  state.counters["by_threads_us"] = 1e6 * median(by_threads);
  state.counters["cost"] = median(by_shape) / median(by_threads);
}

}  // namespace

void add_cost_of_same_bits(int threads) {
  const auto add = [threads](const char* name, Contest (*contest)(A&), const std::vector<Shape>& shapes) {
    for (const Shape& shape : shapes) {
      const std::string title = "cost_of_same_bits/" + std::string(name) + "/" + shape.name;
      benchmark::RegisterBenchmark((title + "/threads:" + std::to_string(threads)).c_str(),
                                   [=](benchmark::State& state) { measure(state, contest, shape, threads); })
          ->UseManualTime();
    }
  };
  add("layer_norm_backward", layer_norm_backward,
      {{.name = "256x768", .rows = rows_of(256, 768)},
       {.name = "4096x768", .rows = rows_of(4096, 768)},
       {.name = "65536x64", .rows = rows_of(65536, 64)}});
  const std::vector<Shape> channels = {{.name = "4096x1024", .channels = {4096, 1, 1024, 1}},
                                       {.name = "32x56x56x64", .channels = {32, 56 * 56, 64, 1}}};
  add("batch_norm_forward", batch_norm_forward, channels);
  add("batch_norm_backward", batch_norm_backward, channels);
}

}  // namespace simdnorm::bench
