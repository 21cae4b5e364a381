// Group normalization (Wu & He, arXiv:1803.08494) and instance normalization (Ulyanov, Vedaldi & Lempitsky,
// arXiv:1607.08022), which is GroupNorm with as many groups as channels: LayerNorm's formula with statistics per sample
// and group of neighbouring channels, parameters per channel.
//
// Types and null pointers as in layer_norm.hpp. A group without a value has mean 0 and rstd 1 / sqrt(eps).
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

template <class E, class P = E>
struct GroupNormForward {
  const E* x = nullptr;
  ChannelLayout layout;
  Index groups = 1;           // divides the channels
  const P* weight = nullptr;  // (channels), optional: 1
  const P* bias = nullptr;    // (channels), optional: 0
  double eps = 1e-5;
  Mask mask = {};
  E* y = nullptr;              // may be x
  Compute<E>* mean = nullptr;  // (samples, groups), optional
  Compute<E>* rstd = nullptr;  // (samples, groups), optional
};

template <class E, class P = E>
struct GroupNormBackward {
  const E* dy = nullptr;
  const E* x = nullptr;
  ChannelLayout layout;
  Index groups = 1;
  const Compute<E>* mean = nullptr;  // (samples, groups), as the forward pass saved it
  const Compute<E>* rstd = nullptr;  // (samples, groups)
  const P* weight = nullptr;         // (channels), optional: 1
  Mask mask = {};
  E* dx = nullptr;       // optional; may be dy or x
  P* dweight = nullptr;  // (channels), optional
  P* dbias = nullptr;    // (channels), optional
};

/// Running statistics move by the mean over the samples of each instance's mean and unbiased variance.
template <class E, class P = E>
struct InstanceNormForward {
  const E* x = nullptr;
  ChannelLayout layout;
  const P* weight = nullptr;  // (channels), optional: 1
  const P* bias = nullptr;    // (channels), optional: 0
  double eps = 1e-5;
  Compute<E>* running_mean = nullptr;  // (channels), optional, updated in place
  Compute<E>* running_var = nullptr;   // (channels), optional, updated in place
  double momentum = 0.1;
  Mask mask = {};
  E* y = nullptr;              // may be x
  Compute<E>* mean = nullptr;  // (samples, channels), optional
  Compute<E>* rstd = nullptr;  // (samples, channels), optional
};

template <class E, class P = E>
SIMDNORM_API Status group_norm_forward(const GroupNormForward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status group_norm_backward(const GroupNormBackward<E, P>& op) noexcept;
template <class E, class P = E>
SIMDNORM_API Status instance_norm_forward(const InstanceNormForward<E, P>& op) noexcept;

/// The same as group_norm_backward() with a group for each channel.
template <class E, class P = E>
Status instance_norm_backward(GroupNormBackward<E, P> op) noexcept {
  op.groups = op.layout.channels;
  return group_norm_backward(op);
}

}  // namespace simdnorm
