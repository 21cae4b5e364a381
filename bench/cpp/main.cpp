// simdnorm-bench: GB/s of every operation, and of a stream of the same traffic measured in turns with it.
//
// Traffic counts every large array once, read or written. `of_stream` is the operation's rate over the stream's: a
// kernel that reads x twice from memory, or writes through the caches where the stream does not, shows it here.
#include <benchmark/benchmark.h>

#include "operations.hpp"
#include "options.hpp"
#include "same_bits.hpp"
#include "seconds.hpp"
#include "summary.hpp"

namespace simdnorm::bench {
namespace {

template <class E>
void measure(benchmark::State& state, const Operation<E>& operation, const Shape& shape, int threads) {
  Arrays<E> a{.shape = shape};
  if (set_num_threads(threads) != Status::ok || operation.run(a) != Status::ok) {
    state.SkipWithError("refused");
    return;
  }
  const Index bytes = a.size * static_cast<Index>(sizeof(E)), floats = bytes / static_cast<Index>(sizeof(float));
  const std::vector<float> input(static_cast<std::size_t>(floats), 1.0f), other = input, third = input;
  std::vector<float> output = input, more = input;
  const float* const inputs[] = {input.data(), other.data(), third.data()};
  float* const outputs[] = {output.data(), more.data()};

  double of_operation = 0, of_stream = 0;
  for (auto _ : state) {
    const double elapsed = seconds([&] { operation.run(a); });
    state.SetIterationTime(elapsed);
    of_operation += elapsed;
    of_stream += seconds([&] { stream(operation.traffic, inputs, outputs, floats, threads); });
  }
  const auto moved = static_cast<double>(bytes * (operation.traffic.reads + operation.traffic.writes));
  const double gigabytes = moved * static_cast<double>(state.iterations()) / 1e9;
  state.counters["GB/s"] = gigabytes / of_operation;
  state.counters["stream_GB/s"] = gigabytes / of_stream;
  state.counters["of_stream"] = of_stream / of_operation;
}

const Shape kShapes[] = {
    {.name = "256x768", .rows = rows_of(256, 768)},
    {.name = "4096x768", .rows = rows_of(4096, 768)},
    {.name = "2048x4096", .rows = rows_of(2048, 4096)},
    {.name = "channels_of_32x64x56x56", .rows = {32, 1, 1, 64, 56 * 56}},
    {.name = "4096x1024", .channels = {4096, 1, 1024, 1}, .groups = 32},
    {.name = "32x64x56x56", .channels = {32, 1, 64, 56 * 56}, .groups = 32},
    {.name = "32x56x56x64", .channels = {32, 56 * 56, 64, 1}, .groups = 32},
};

bool takes(Takes what, const Shape& shape) {
  if (what == Takes::channels) return shape.channels.samples > 0;
  return shape.rows.outer > 0 && (what == Takes::rows || shape.rows.inner == 1);
}

/// An instance of one value has no variance, and BatchNorm alone is at home in (N, C).
bool sensible(const std::string& operation, const Shape& shape) {
  return operation.starts_with("batch_norm") || shape.channels.samples == 0 ||
         shape.channels.outer * shape.channels.inner > 1;
}

template <class E>
void add_benchmarks(const std::string& dtype, int threads) {
  for (const Operation<E>& operation : operations<E>()) {
    for (const Shape& shape : kShapes) {
      if (!takes(operation.takes, shape) || !sensible(operation.name, shape)) continue;
      const std::string title = std::string(operation.name) + "/" + shape.name + "/" + dtype;
      benchmark::RegisterBenchmark((title + "/threads:" + std::to_string(threads)).c_str(),
                                   [=](benchmark::State& state) { measure(state, operation, shape, threads); })
          ->UseManualTime();
    }
  }
}

}  // namespace
}  // namespace simdnorm::bench

int main(int count, char** arguments) {
  using namespace simdnorm;
  const std::optional<bench::Options> options = bench::take_options(count, arguments);
  if (!options) return 2;
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::AddCustomContext("simdnorm", build_info().version);
  benchmark::AddCustomContext("isa", name(active_isa()));

  for (const int threads : options->threads) {
    bench::add_benchmarks<float>("float32", threads);
    bench::add_benchmarks<bfloat16>("bfloat16", threads);
    bench::add_cost_of_same_bits(threads);
  }
  bench::Summary summary;
  if (options->for_people) {
    benchmark::RunSpecifiedBenchmarks(&summary);
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
}
