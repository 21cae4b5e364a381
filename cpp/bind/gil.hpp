// Work that needs no Python.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace simdnorm::bind {

/// Runs `work`, which must not throw, while other threads may have the interpreter.
template <class Work>
void without_gil(Work work) {
  PyThreadState* state = PyEval_SaveThread();
  work();
  try {
    PyEval_RestoreThread(state);
  } catch (...) {
    // The interpreter has ended meanwhile, and Python before 3.14 unwinds the threads that come back to it: through
    // destructors that would let go of objects, or that no exception may leave. Python 3.14 lets them sleep until the
    // process is gone, and so does this.
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

}  // namespace simdnorm::bind
