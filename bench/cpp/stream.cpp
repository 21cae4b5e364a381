#include "stream.hpp"

#include <algorithm>
#include <cstring>

namespace simdnorm::bench {
namespace {

/// One contiguous part for each thread.
template <class F>
void in_parts(Index size, [[maybe_unused]] int threads, F work) {
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; ++part) {
    const Index begin = size * part / threads;
    work(begin, size * (part + 1) / threads - begin);
  }
#else
  work(Index{0}, size);
#endif
}

}  // namespace

void copy(const float* x, float* y, Index size, int threads) {
  // memcpy: the C library streams past the caches where that pays.
  in_parts(size, threads, [=](Index begin, Index count) {
    std::memcpy(y + begin, x + begin, static_cast<std::size_t>(count) * sizeof(float));
  });
}

void add(const float* dy, const float* x, float* dx, Index size, int threads) {
  in_parts(size, threads, [=](Index begin, Index count) {
    std::transform(dy + begin, dy + begin + count, x + begin, dx + begin, [](float a, float b) { return a + b; });
  });
}

}  // namespace simdnorm::bench
