// How long work takes.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

namespace simdnorm::bench {

template <class F>
double seconds(F work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  benchmark::ClobberMemory();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace simdnorm::bench
