// Every operation of the library, by its name.
#pragma once

#include <vector>

#include "arrays.hpp"
#include "stream.hpp"

namespace simdnorm::bench {

/// What an operation can be given.
enum class Takes { rows, trailing_rows, channels };

template <class E>
struct Operation {
  const char* name;
  Takes takes;
  Traffic traffic;
  Status (*run)(Arrays<E>&);
};

template <class E>
std::vector<Operation<E>> operations();

}  // namespace simdnorm::bench
