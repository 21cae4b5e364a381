// The number of threads that another library works with, for a while.
#pragma once

#include "simdnorm/runtime.hpp"

namespace simdnorm::bind {

/// What this thread calls while it lives is done by so many; by those of the whole process where it is 0.
class OwnThreads {
 public:
  explicit OwnThreads(Index n) : before_(set_own_threads(n)) {}
  OwnThreads(const OwnThreads&) = delete;
  OwnThreads& operator=(const OwnThreads&) = delete;
  ~OwnThreads() { set_own_threads(before_); }

 private:
  Index before_;
};

}  // namespace simdnorm::bind
