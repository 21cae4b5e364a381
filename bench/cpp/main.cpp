// simdnorm-bench: GB/s of every operation beside a stream of the same traffic, measured in the same run.
//
// Traffic counts every large array once, read or written. `of_stream` is the operation's rate over the stream's: a
// kernel that reads x twice from memory, or writes through the caches where the stream does not, shows it here.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simdnorm/simdnorm.hpp"
#include "stream.hpp"

namespace simdnorm::bench {
namespace {

/// The arrays of one operation on (outer, channels, inner); LayerNorm sees (outer, channels) rows.
struct Arrays {
  ChannelLayout layout;
  Index size = layout.outer * layout.channels * layout.inner;
  std::vector<float> x = values(size), dy = values(size), y = values(size), dx = values(size);
  std::vector<float> weight = values(layout.channels), bias = values(layout.channels);
  std::vector<float> dweight = values(layout.channels), dbias = values(layout.channels);
  Index statistics = std::max(layout.outer, layout.channels);
  std::vector<float> mean = values(statistics), rstd = values(statistics);
  std::vector<float> running_mean = values(statistics), running_var = values(statistics);

  static std::vector<float> values(Index size) {
    std::vector<float> result(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<float>(1 + i * 2654435761u % 1000) / 1000;
    return result;
  }
};

using Operation = std::function<Status(Arrays&)>;

Status run_layer_norm_forward(Arrays& a) {
  return layer_norm_forward<float>({a.x.data(), a.layout.outer, a.layout.channels, a.weight.data(), a.bias.data(), 1e-5,
                                    a.y.data(), a.mean.data(), a.rstd.data()});
}
Status run_layer_norm_backward(Arrays& a) {
  return layer_norm_backward<float>({a.dy.data(), a.x.data(), a.layout.outer, a.layout.channels, a.mean.data(),
                                     a.rstd.data(), a.weight.data(), a.dx.data(), a.dweight.data(), a.dbias.data()});
}
Status run_batch_norm_forward(Arrays& a) {
  return batch_norm_forward<float>({a.x.data(), a.layout, a.weight.data(), a.bias.data(), 1e-5, a.running_mean.data(),
                                    a.running_var.data(), 0.1, true, a.y.data(), a.mean.data(), a.rstd.data()});
}
Status run_batch_norm_inference(Arrays& a) {
  return batch_norm_inference<float>({a.x.data(), a.layout, a.running_mean.data(), a.running_var.data(),
                                      a.weight.data(), a.bias.data(), 1e-5, a.y.data()});
}
Status run_batch_norm_backward(Arrays& a) {
  return batch_norm_backward<float>({a.dy.data(), a.x.data(), a.layout, a.mean.data(), a.rstd.data(), a.weight.data(),
                                     true, a.dx.data(), a.dweight.data(), a.dbias.data()});
}

/// Runs `operation` on `threads` threads and returns GB/s over `arrays` arrays of the size of x.
double measure(benchmark::State& state, const ChannelLayout& layout, int arrays, int threads,
               const Operation& operation) {
  Arrays a{.layout = layout};
  if (set_num_threads(threads) != Status::ok || operation(a) != Status::ok) {
    state.SkipWithError("refused");
    return 0;
  }
  double seconds = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    operation(a);
    benchmark::ClobberMemory();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(elapsed.count());
    seconds += elapsed.count();
  }
  const double bytes = static_cast<double>(arrays * a.size * Index{sizeof(float)});
  const double rate = bytes * static_cast<double>(state.iterations()) / seconds / 1e9;
  state.counters["GB/s"] = rate;
  return rate;
}

/// The stream first, then the operations that have its traffic.
void add_group(const ChannelLayout& layout, const std::string& shape, int threads, int arrays,
               const std::string& stream, const Operation& stream_operation,
               const std::vector<std::pair<std::string, Operation>>& operations) {
  const std::string where = "/" + shape + "/threads:" + std::to_string(threads);
  const auto stream_rate = std::make_shared<double>(0);
  benchmark::RegisterBenchmark((stream + where).c_str(), [=](benchmark::State& state) {
    *stream_rate = measure(state, layout, arrays, threads, stream_operation);
  })->UseManualTime();
  for (const auto& [title, operation] : operations) {
    benchmark::RegisterBenchmark((title + where).c_str(), [=, run = operation](benchmark::State& state) {
      const double rate = measure(state, layout, arrays, threads, run);
      if (*stream_rate > 0) state.counters["of_stream"] = rate / *stream_rate;
    })->UseManualTime();
  }
}

void add_groups(const std::string& norm, const ChannelLayout& layout, const std::string& shape, int threads) {
  const bool rows = norm == "layer_norm";
  const auto copy_arrays = [=](Arrays& a) { return copy(a.x.data(), a.y.data(), a.size, threads), Status::ok; };
  const auto add_arrays = [=](Arrays& a) {
    return add(a.dy.data(), a.x.data(), a.dx.data(), a.size, threads), Status::ok;
  };
  std::vector<std::pair<std::string, Operation>> forward, backward;
  if (rows) {
    forward = {{"layer_norm_forward", run_layer_norm_forward}};
    backward = {{"layer_norm_backward", run_layer_norm_backward}};
  } else {
    forward = {{"batch_norm_forward", run_batch_norm_forward}, {"batch_norm_inference", run_batch_norm_inference}};
    backward = {{"batch_norm_backward", run_batch_norm_backward}};
  }
  add_group(layout, shape, threads, 2, "copy", copy_arrays, forward);
  add_group(layout, shape, threads, 3, "add", add_arrays, backward);
}

}  // namespace
}  // namespace simdnorm::bench

int main(int count, char** arguments) {
  using namespace simdnorm;
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::AddCustomContext("simdnorm", build_info().version);
  benchmark::AddCustomContext("isa", name(active_isa()));

  std::vector<int> counts = {1};
  if (get_num_threads() > 1) counts.push_back(get_num_threads());
  for (const int threads : counts) {
    bench::add_groups("layer_norm", {256, 768, 1}, "256x768", threads);
    bench::add_groups("layer_norm", {4096, 768, 1}, "4096x768", threads);
    bench::add_groups("layer_norm", {2048, 4096, 1}, "2048x4096", threads);
    bench::add_groups("batch_norm", {4096, 1024, 1}, "4096x1024", threads);
    bench::add_groups("batch_norm", {32, 64, 56 * 56}, "32x64x56x56", threads);
    bench::add_groups("batch_norm", {32 * 56 * 56, 64, 1}, "32x56x56x64", threads);
  }
  benchmark::RunSpecifiedBenchmarks();
}
