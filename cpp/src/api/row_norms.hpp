// What the row norms share: LayerNorm and RMSNorm, each alone or after a residual has been added.
#pragma once

#include "problem.hpp"

namespace simdnorm {

template <class E, class P>
struct RowNormForward {
  About about;
  const E* x;
  const E* residual;  // null: x is normalized as it is
  RowLayout layout;
  const P* weight;
  const P* bias;
  double eps;
  E* y;
  E* summed;
  Compute<E>* mean;
  Compute<E>* rstd;
};

template <class E, class P>
struct RowNormBackward {
  About about;
  const E* dy;
  const E* x;
  RowLayout layout;
  const Compute<E>* mean;
  const Compute<E>* rstd;
  const P* weight;
  const E* dsummed;
  E* dx;
  P* dweight;
  P* dbias;
};

template <class E, class P>
Status row_norm_forward(const RowNormForward<E, P>& op) noexcept;
template <class E, class P>
Status row_norm_backward(const RowNormBackward<E, P>& op) noexcept;

/// Sums of a residual are of trailing axes.
constexpr bool trailing(const RowLayout& l) { return l.segments == 1 && l.middle == 1 && l.inner == 1; }

}  // namespace simdnorm
