// The only file with OpenMP.
#include "runtime/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

#include "runtime/cpu_quota.hpp"
#include "simd/float_environment.hpp"
#include "simdnorm/runtime.hpp"

namespace simdnorm {
namespace {

// Fork and join of a warm team cost a few microseconds; a core moves this much in about five times as long.
constexpr Index kForkBytes = 256 * 1024;

constexpr int kMostThreads = 256;

// By set_num_threads (0: not chosen), and what OpenMP would have used at that time: what it says differently later is
// a limit that somebody, threadpoolctl perhaps, has set since, and limits win.
std::atomic<int> chosen_threads{0};
std::atomic<int> openmp_when_chosen{0};

// By set_own_threads (0: not chosen), for the operations that this thread calls.
thread_local int own_threads = 0;

// The threads of an OpenMP team do not survive a fork, and the runtime waits for them for ever: a child stays serial.
std::atomic<bool> forked{false};

#if defined(__unix__) || defined(__APPLE__)
[[maybe_unused]] const int watch_forks = pthread_atfork(nullptr, nullptr, [] { forked = true; });
#endif

#ifdef _OPENMP

constexpr bool kOpenmp = true;
int openmp_threads() { return omp_get_max_threads(); }
bool inside_parallel_region() { return omp_in_parallel() != 0; }

#else

constexpr bool kOpenmp = false;
int openmp_threads() { return 1; }
bool inside_parallel_region() { return false; }

#endif

/// What OpenMP would use if nobody had called it: affinity, or OMP_NUM_THREADS.
int initial_threads() {
  static const int threads = openmp_threads();
  return threads;
}

int default_threads() {
  static const int threads = [] {
    if (std::getenv("OMP_NUM_THREADS")) return initial_threads();
    const double quota = std::ceil(cpu_quota());  // infinite where there is none
    return quota < initial_threads() ? std::max(1, static_cast<int>(quota)) : initial_threads();
  }();
  return threads;
}

[[maybe_unused]] const int at_start = initial_threads();

}  // namespace

int get_num_threads() noexcept {
  if (forked) return 1;
  if (own_threads > 0) return own_threads;
  const int chosen = chosen_threads, now = openmp_threads();
  if (chosen > 0) return now == openmp_when_chosen ? chosen : std::min(chosen, now);
  return now == initial_threads() ? default_threads() : now;
}

Status set_num_threads(Index n) noexcept {
  if (n < 1) return Status::invalid_argument;
  openmp_when_chosen = openmp_threads();
  chosen_threads = static_cast<int>(std::min<Index>(n, kMostThreads));
  return Status::ok;
}

Index set_own_threads(Index n) noexcept {
  const int before = own_threads;
  own_threads = static_cast<int>(std::clamp<Index>(n, 0, kMostThreads));
  return before;
}

int team_size(Index bytes) noexcept {
  if (bytes < kForkBytes || forked || inside_parallel_region()) return 1;
  return get_num_threads();
}

bool has_openmp() noexcept { return kOpenmp; }

void Team::wait() const {
#ifdef _OPENMP
  if (size_ > 1) {
#pragma omp barrier
  }
#endif
}

namespace detail {

void run(int size, void (*body)(const Team&, void*), void* context) {
#ifdef _OPENMP
  if (size > 1) {
#pragma omp parallel num_threads(size)
    {
      in_our_environment([&] { body(Team(omp_get_thread_num(), omp_get_num_threads()), context); });
    }
    return;
  }
#endif
  body(Team(0, 1), context);  // in the caller's own thread, whose environment is ours by now
}

}  // namespace detail
}  // namespace simdnorm
