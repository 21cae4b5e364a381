// Layer normalization (Ba, Kiros & Hinton, arXiv:1607.06450), for each kept position over the reduced ones:
//
//   y = (x - mean) * rstd * weight + bias,   rstd = 1 / sqrt(var + eps),   var = sum (x - mean)^2 / n
//
// A null optional pointer means: not given (inputs) or not wanted (outputs). E is float, double, float16 or bfloat16;
// P, the type of parameters, is E, or float beside 16 bits.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

template <class E, class P = E>
struct LayerNormForward {
  const E* x = nullptr;
  RowLayout layout;
  const P* weight = nullptr;  // (segments, length), optional: 1
  const P* bias = nullptr;    // (segments, length), optional: 0
  double eps = 1e-5;
  E* y = nullptr;              // may be x
  Compute<E>* mean = nullptr;  // (outer, middle, inner), optional
  Compute<E>* rstd = nullptr;  // (outer, middle, inner), optional
};

template <class E, class P = E>
struct LayerNormBackward {
  const E* dy = nullptr;
  const E* x = nullptr;
  RowLayout layout;
  const Compute<E>* mean = nullptr;  // as the forward pass saved it
  const Compute<E>* rstd = nullptr;
  const P* weight = nullptr;  // optional: 1
  E* dx = nullptr;            // optional; may be dy or x
  P* dweight = nullptr;       // optional
  P* dbias = nullptr;         // optional
};

/// summed = x + residual, rounded to E, and the norm of the rounded sum.
template <class E, class P = E>
struct AddLayerNormForward {
  const E* x = nullptr;
  const E* residual = nullptr;
  RowLayout layout;  // trailing axes: segments, middle and inner are 1
  const P* weight = nullptr;
  const P* bias = nullptr;
  double eps = 1e-5;
  E* y = nullptr;       // may be x or residual
  E* summed = nullptr;  // may be x or residual, and apart from y
  Compute<E>* mean = nullptr;
  Compute<E>* rstd = nullptr;
};

/// dx is the gradient of x and of residual alike: the norm's own and dsummed.
template <class E, class P = E>
struct AddLayerNormBackward {
  const E* dy = nullptr;
  const E* summed = nullptr;
  RowLayout layout;  // trailing axes
  const Compute<E>* mean = nullptr;
  const Compute<E>* rstd = nullptr;
  const P* weight = nullptr;
  const E* dsummed = nullptr;  // optional: 0
  E* dx = nullptr;             // may be dy, summed or dsummed
  P* dweight = nullptr;
  P* dbias = nullptr;
};

template <class E, class P = E>
SIMDNORM_API Status layer_norm_forward(const LayerNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status layer_norm_backward(const LayerNormBackward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status add_layer_norm_forward(const AddLayerNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status add_layer_norm_backward(const AddLayerNormBackward<E, P>& op) noexcept;

}  // namespace simdnorm
