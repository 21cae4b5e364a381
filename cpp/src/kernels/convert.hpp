// Parameters of 16 bits become floats before an operation, their gradients 16 bits after it.
#pragma once

#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class E>
void widen(const E* from, Index n, Compute<E>* to) {
  map<Compute<E>>(n, [&](Index i, auto lanes) SIMDNORM_INLINE { store(to + i, load(from + i, lanes), lanes); });
}

template <class E>
void narrow(const Compute<E>* from, Index n, E* to) {
  map<Compute<E>>(n, [&](Index i, auto lanes) SIMDNORM_INLINE { store(to + i, load(from + i, lanes), lanes); });
}

}  // namespace
}  // namespace simdnorm
