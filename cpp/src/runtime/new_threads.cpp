#include "runtime/new_threads.hpp"

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace simdnorm {

// There is no way to ask but to try. The C library keeps the stacks of these threads for the next ones.
bool can_start(int threads) noexcept {
  std::atomic<bool> enough{false};
  std::vector<std::jthread> started;
  bool all = true;
  try {
    for (int i = 0; i < threads; ++i) started.emplace_back([&] { enough.wait(false); });
  } catch (const std::exception&) {  // std::system_error, or std::bad_alloc
    all = false;
  }
  enough = true;
  enough.notify_all();
  return all;
}

}  // namespace simdnorm
