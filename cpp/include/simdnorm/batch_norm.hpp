// Batch normalization (Ioffe & Szegedy, arXiv:1502.03167): LayerNorm's formula with statistics per channel.
//
// Types and null pointers as in layer_norm.hpp. The parts (statistics, apply, backward sums, backward apply) serve
// statistics that span processes.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

/// Training: batch statistics, running statistics updated as new = (1 - momentum) * old + momentum * batch.
template <class E, class P = E>
struct BatchNormForward {
  const E* x = nullptr;
  ChannelLayout layout;
  const P* weight = nullptr;  // (channels), optional: 1
  const P* bias = nullptr;    // (channels), optional: 0
  double eps = 1e-5;
  Compute<E>* running_mean = nullptr;  // (channels), optional, updated in place
  Compute<E>* running_var = nullptr;   // (channels), optional, updated in place
  double momentum = 0.1;
  bool unbiased = true;  // running_var takes n / (n - 1) times the biased variance
  Mask mask = {};
  E* y = nullptr;              // may be x
  Compute<E>* mean = nullptr;  // (channels), optional
  Compute<E>* rstd = nullptr;  // (channels), optional
};

/// Evaluation: the running statistics normalize.
template <class E, class P = E>
struct BatchNormInference {
  const E* x = nullptr;
  ChannelLayout layout;
  const Compute<E>* running_mean = nullptr;  // (channels)
  const Compute<E>* running_var = nullptr;   // (channels)
  const P* weight = nullptr;                 // (channels), optional
  const P* bias = nullptr;                   // (channels), optional
  double eps = 1e-5;
  Mask mask = {};
  E* y = nullptr;  // may be x
};

/// training = false is the frozen backward pass: mean and rstd are constants.
template <class E, class P = E>
struct BatchNormBackward {
  const E* dy = nullptr;
  const E* x = nullptr;
  ChannelLayout layout;
  const Compute<E>* mean = nullptr;  // (channels), as the forward pass saved it
  const Compute<E>* rstd = nullptr;  // (channels)
  const P* weight = nullptr;         // (channels), optional
  bool training = true;
  Mask mask = {};
  E* dx = nullptr;       // optional; may be dy or x
  P* dweight = nullptr;  // (channels), optional
  P* dbias = nullptr;    // (channels), optional
};

/// Count, mean and m2 = sum (x - mean)^2 of this process's share.
template <class E>
struct BatchNormStatistics {
  const E* x = nullptr;
  ChannelLayout layout;
  Mask mask = {};
  Index* count = nullptr;  // (channels)
  double* mean = nullptr;  // (channels)
  double* m2 = nullptr;    // (channels)
};

template <class E, class P = E>
struct BatchNormApply {
  const E* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;  // (channels)
  const double* rstd = nullptr;  // (channels)
  const P* weight = nullptr;     // (channels), optional
  const P* bias = nullptr;       // (channels), optional
  E* y = nullptr;                // may be x
};

template <class E>
struct BatchNormBackwardSums {
  const E* dy = nullptr;
  const E* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;  // (channels)
  const double* rstd = nullptr;  // (channels)
  Mask mask = {};
  double* sum_dy = nullptr;       // (channels)
  double* sum_dy_xhat = nullptr;  // (channels)
};

template <class E, class P = E>
struct BatchNormBackwardApply {
  const E* dy = nullptr;
  const E* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;         // (channels)
  const double* rstd = nullptr;         // (channels)
  const P* weight = nullptr;            // (channels), optional
  const double* sum_dy = nullptr;       // (channels), over all processes
  const double* sum_dy_xhat = nullptr;  // (channels), over all processes
  const Index* count = nullptr;         // (channels), values per channel over all processes
  Mask mask = {};
  E* dx = nullptr;  // may be dy or x
};

template <class E, class P = E>
SIMDNORM_API Status batch_norm_forward(const BatchNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status batch_norm_inference(const BatchNormInference<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status batch_norm_backward(const BatchNormBackward<E, P>& op) noexcept;
template <class E>
SIMDNORM_API Status batch_norm_statistics(const BatchNormStatistics<E>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status batch_norm_apply(const BatchNormApply<E, P>& op) noexcept;
template <class E>
SIMDNORM_API Status batch_norm_backward_sums(const BatchNormBackwardSums<E>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status batch_norm_backward_apply(const BatchNormBackwardApply<E, P>& op) noexcept;

}  // namespace simdnorm
