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
#if __has_include(<dlfcn.h>)
#include <dlfcn.h>
#endif

#include "limits.hpp"
#include "runtime/cpu_quota.hpp"
#include "runtime/new_threads.hpp"
#include "simd/float_environment.hpp"
#include "simdnorm/runtime.hpp"

namespace simdnorm {
namespace {

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

/// The team that this thread had last, whose members OpenMP keeps for the next one.
thread_local int last_team = 1;

/// `size`, or 1 where the system has no room for so many threads: OpenMP would end the process.
int startable(int size) {
  if (size > last_team && !can_start(size - last_team)) return 1;
  return last_team = size;
}

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

struct Count {
  int threads;
  const char* reason;
};

Count default_count() {
  static const Count count = []() -> Count {
    if (!kOpenmp) return {1, "built without OpenMP"};
    if (std::getenv("OMP_NUM_THREADS")) return {initial_threads(), "OMP_NUM_THREADS"};
    const double quota = std::ceil(cpu_quota());  // infinite where there is none
    if (quota < initial_threads()) return {std::max(1, static_cast<int>(quota)), "the cgroup's CPU quota"};
    return {initial_threads(), "CPU affinity"};
  }();
  return count;
}

Count count_now() {
  if (forked) return {1, "a forked process is serial"};
  if (own_threads > 0) return {own_threads, "set_own_threads"};
  const int chosen = chosen_threads, now = openmp_threads();
  if (chosen > 0 && (now == openmp_when_chosen || chosen <= now)) return {chosen, "set_num_threads"};
  if (chosen == 0 && now == initial_threads()) return default_count();
  return {now, "a limit set in OpenMP"};
}

[[maybe_unused]] const int at_start = initial_threads();

}  // namespace

int get_num_threads() noexcept { return count_now().threads; }

const char* threads_reason() noexcept { return count_now().reason; }

const char* openmp_library() noexcept {
#if defined(_OPENMP) && __has_include(<dlfcn.h>)
  Dl_info library;
  if (dladdr(reinterpret_cast<void*>(&omp_get_max_threads), &library) != 0) return library.dli_fname;
#endif
  return nullptr;
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
  if (bytes < kLimits.fork || forked || inside_parallel_region()) return 1;
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
  if (size > 1) size = startable(size);
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
