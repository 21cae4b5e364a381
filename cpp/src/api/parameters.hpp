// Parameters are of E or float; kernels see them, and give their gradients, in what E is computed in.
#pragma once

#include <algorithm>

#include "runtime/dispatch.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

template <class P>
const Compute<P>* widened(const P* parameter, Index n, Scratch& scratch) {
  if constexpr (std::is_same_v<P, Compute<P>>) {
    return parameter;
  } else {
    if (!parameter) return nullptr;
    Compute<P>* wide = scratch.take<Compute<P>>(n);
    kernels<P>().widen(parameter, n, wide);
    return wide;
  }
}

/// Room for a gradient while it is computed: its own where the types are the same.
template <class P>
Compute<P>* room_for(P* gradient, Index n, Scratch& scratch) {
  if constexpr (std::is_same_v<P, Compute<P>>) {
    return gradient;
  } else {
    return gradient ? scratch.take<Compute<P>>(n) : nullptr;
  }
}

template <class P>
void deliver(const Compute<P>* computed, Index n, P* gradient) {
  if constexpr (!std::is_same_v<P, Compute<P>>) {
    if (gradient) kernels<P>().narrow(computed, n, gradient);
  }
}

template <class P>
void fill_zero(P* gradient, Index n) {
  if (gradient) std::fill_n(gradient, n, P{});
}

}  // namespace
}  // namespace simdnorm

// For each pair of an element type and a parameter type that the API has.
#define SIMDNORM_FOR_TYPES(instantiate)                                                                           \
  instantiate(float, float) instantiate(double, double) instantiate(float16, float16) instantiate(float16, float) \
      instantiate(bfloat16, bfloat16) instantiate(bfloat16, float)
