#include "stream.hpp"

#include <cstring>

namespace simdnorm::bench {
namespace {

float sink;  // what is only read must be wanted by somebody

template <int reads, int writes>
void move(const float* const* inputs, float* const* outputs, Index begin, Index end) {
  if constexpr (reads == 1 && writes == 1) {
    // The C library streams past the caches where that pays.
    std::memcpy(outputs[0] + begin, inputs[0] + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
  } else if constexpr (writes == 0) {
    float sums[16] = {};
    for (Index i = begin; i + 16 <= end; i += 16) {
      for (int lane = 0; lane < 16; ++lane) {
        for (int array = 0; array < reads; ++array) sums[lane] += inputs[array][i + lane];
      }
    }
    for (const float sum : sums) {
      if (sum == 0.5f) sink = sum;
    }
  } else {
    float* __restrict first = outputs[0];
    float* __restrict second = outputs[writes - 1];
    for (Index i = begin; i < end; ++i) {
      float sum = inputs[0][i];
      for (int array = 1; array < reads; ++array) sum += inputs[array][i];
      first[i] = sum;
      if constexpr (writes == 2) second[i] = sum;
    }
  }
}

using Move = void (*)(const float* const*, float* const*, Index, Index);
constexpr Move kMoves[4][3] = {{},
                               {move<1, 0>, move<1, 1>, move<1, 2>},
                               {move<2, 0>, move<2, 1>, move<2, 2>},
                               {move<3, 0>, move<3, 1>, move<3, 2>}};

}  // namespace

void stream(Traffic traffic, const float* const* inputs, float* const* outputs, Index size,
            [[maybe_unused]] int threads) {
  const Move work = kMoves[traffic.reads][traffic.writes];
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int part = 0; part < threads; ++part) {
    work(inputs, outputs, size * part / threads, size * (part + 1) / threads);
  }
#else
  work(inputs, outputs, 0, size);
#endif
}

}  // namespace simdnorm::bench
