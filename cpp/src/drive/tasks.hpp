// What a norm asks of a driver, the same for both loop shapes. An item is a kept position: (o, k) of Rows, (o, c) of
// Columns; `group` neighbouring items share statistics, so there is one entry of those a group. E is the type of
// elements, T = Compute<E> that of everything else. Null pointers: not given, not wanted.
#pragma once

#include "kernels/rows_arguments.hpp"
#include "kernels/standardizers.hpp"

namespace simdnorm {

template <class E>
struct ForwardTask {
  const E* x = nullptr;
  Residual<E> residual = {};  // only of Rows; x is its sum
  E* y = nullptr;             // null: statistics only
  const Compute<E>* weight = nullptr;
  const Compute<E>* bias = nullptr;
  Along along = Along::kept;
  About about = About::mean;
  Index group = 1;
  double eps = 0.0;
  SavedStatistics<Compute<E>> saved = {};  // per group
};

/// Backward with parameters, if any, along the kept axis.
template <class E>
struct KeptBackwardTask {
  const E* dy = nullptr;
  const E* x = nullptr;
  E* dx = nullptr;                     // null: sums only
  const Compute<E>* weight = nullptr;  // along the kept axis
  Index group = 1;
  const Standardizer<Compute<E>>* saved = nullptr;  // per group
  Backward pass = {About::mean, false, false};
  GradientSums* sums = nullptr;                      // per item; null only if frozen or given
  const Gradients<Compute<E>>* gradients = nullptr;  // per item: known already, no sums are taken
};

/// Backward with parameters along what is reduced: their gradients sum over all items.
template <class E>
struct ReducedBackwardTask {
  const E* dy = nullptr;
  const E* x = nullptr;
  const E* dsummed = nullptr;  // only of Rows without segments: to be added to dx
  E* dx = nullptr;
  const Compute<E>* weight = nullptr;  // (segments, length) or (rows)
  const Compute<E>* mean = nullptr;    // per item, T's rounding of its own; null about zero
  const Compute<E>* rstd = nullptr;    // per item
  About about = About::mean;
  Compute<E>* dweight = nullptr;
  Compute<E>* dbias = nullptr;
};

}  // namespace simdnorm
