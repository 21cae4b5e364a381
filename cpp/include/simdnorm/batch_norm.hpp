// Batch normalization (Ioffe & Szegedy, arXiv:1502.03167): LayerNorm's formula with statistics per channel.
//
// A null optional pointer means: not given (inputs) or not wanted (outputs). T is float or double.
// The parts (statistics, apply, backward sums, backward apply) serve statistics that span processes.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

/// Training: batch statistics, running statistics updated as new = (1 - momentum) * old + momentum * batch.
template <class T>
struct BatchNormForward {
  const T* x = nullptr;
  ChannelLayout layout;
  const T* weight = nullptr;  // (channels), optional: 1
  const T* bias = nullptr;    // (channels), optional: 0
  double eps = 1e-5;
  T* running_mean = nullptr;  // (channels), optional, updated in place
  T* running_var = nullptr;   // (channels), optional, updated in place
  double momentum = 0.1;
  bool unbiased = true;  // running_var takes n / (n - 1) times the biased variance
  T* y = nullptr;        // may be x
  T* mean = nullptr;     // (channels), optional
  T* rstd = nullptr;     // (channels), optional
};

/// Evaluation: the running statistics normalize.
template <class T>
struct BatchNormInference {
  const T* x = nullptr;
  ChannelLayout layout;
  const T* running_mean = nullptr;  // (channels)
  const T* running_var = nullptr;   // (channels)
  const T* weight = nullptr;        // (channels), optional
  const T* bias = nullptr;          // (channels), optional
  double eps = 1e-5;
  T* y = nullptr;  // may be x
};

/// training = false is the frozen backward pass: mean and rstd are constants.
template <class T>
struct BatchNormBackward {
  const T* dy = nullptr;
  const T* x = nullptr;
  ChannelLayout layout;
  const T* mean = nullptr;    // (channels), as the forward pass saved it
  const T* rstd = nullptr;    // (channels)
  const T* weight = nullptr;  // (channels), optional
  bool training = true;
  T* dx = nullptr;       // optional; may be dy or x
  T* dweight = nullptr;  // (channels), optional
  T* dbias = nullptr;    // (channels), optional
};

/// mean and m2 = sum (x - mean)^2 of this process's share.
template <class T>
struct BatchNormStatistics {
  const T* x = nullptr;
  ChannelLayout layout;
  double* mean = nullptr;  // (channels)
  double* m2 = nullptr;    // (channels)
};

template <class T>
struct BatchNormApply {
  const T* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;  // (channels)
  const double* rstd = nullptr;  // (channels)
  const T* weight = nullptr;     // (channels), optional
  const T* bias = nullptr;       // (channels), optional
  T* y = nullptr;                // may be x
};

template <class T>
struct BatchNormBackwardSums {
  const T* dy = nullptr;
  const T* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;   // (channels)
  const double* rstd = nullptr;   // (channels)
  double* sum_dy = nullptr;       // (channels)
  double* sum_dy_xhat = nullptr;  // (channels)
};

template <class T>
struct BatchNormBackwardApply {
  const T* dy = nullptr;
  const T* x = nullptr;
  ChannelLayout layout;
  const double* mean = nullptr;         // (channels)
  const double* rstd = nullptr;         // (channels)
  const T* weight = nullptr;            // (channels), optional
  const double* sum_dy = nullptr;       // (channels), over all processes
  const double* sum_dy_xhat = nullptr;  // (channels), over all processes
  const Index* count = nullptr;         // (channels), values per channel over all processes
  T* dx = nullptr;                      // may be dy or x
};

template <class T>
Status batch_norm_forward(const BatchNormForward<T>& op) noexcept;
template <class T>
Status batch_norm_inference(const BatchNormInference<T>& op) noexcept;
template <class T>
Status batch_norm_backward(const BatchNormBackward<T>& op) noexcept;
template <class T>
Status batch_norm_statistics(const BatchNormStatistics<T>& op) noexcept;
template <class T>
Status batch_norm_apply(const BatchNormApply<T>& op) noexcept;
template <class T>
Status batch_norm_backward_sums(const BatchNormBackwardSums<T>& op) noexcept;
template <class T>
Status batch_norm_backward_apply(const BatchNormBackwardApply<T>& op) noexcept;

}  // namespace simdnorm
