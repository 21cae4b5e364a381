// Root mean square normalization (Zhang & Sennrich, arXiv:1910.07467): LayerNorm's formula about zero.
//
//   y = x * rstd * weight,   rstd = 1 / sqrt(sum x^2 / n + eps)
//
// Types and null pointers as in layer_norm.hpp.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

template <class E, class P = E>
struct RmsNormForward {
  const E* x = nullptr;
  RowLayout layout;
  const P* weight = nullptr;  // (segments, length), optional: 1
  double eps = 1e-5;
  E* y = nullptr;              // may be x
  Compute<E>* rstd = nullptr;  // (outer, middle, inner), optional
};

template <class E, class P = E>
struct RmsNormBackward {
  const E* dy = nullptr;
  const E* x = nullptr;
  RowLayout layout;
  const Compute<E>* rstd = nullptr;  // as the forward pass saved it
  const P* weight = nullptr;         // optional: 1
  E* dx = nullptr;                   // optional; may be dy or x
  P* dweight = nullptr;              // optional
};

/// summed = x + residual, rounded to E, and the norm of the rounded sum.
template <class E, class P = E>
struct AddRmsNormForward {
  const E* x = nullptr;
  const E* residual = nullptr;
  RowLayout layout;  // trailing axes: segments, middle and inner are 1
  const P* weight = nullptr;
  double eps = 1e-5;
  E* y = nullptr;       // may be x or residual
  E* summed = nullptr;  // may be x or residual, and apart from y
  Compute<E>* rstd = nullptr;
};

/// dx is the gradient of x and of residual alike: the norm's own and dsummed.
template <class E, class P = E>
struct AddRmsNormBackward {
  const E* dy = nullptr;
  const E* summed = nullptr;
  RowLayout layout;  // trailing axes
  const Compute<E>* rstd = nullptr;
  const P* weight = nullptr;
  const E* dsummed = nullptr;  // optional: 0
  E* dx = nullptr;             // may be dy, summed or dsummed
  P* dweight = nullptr;
};

template <class E, class P = E>
SIMDNORM_API Status rms_norm_forward(const RmsNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status rms_norm_backward(const RmsNormBackward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status add_rms_norm_forward(const AddRmsNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status add_rms_norm_backward(const AddRmsNormBackward<E, P>& op) noexcept;

}  // namespace simdnorm
