// Layer normalization (Ba, Kiros & Hinton, arXiv:1607.06450) over the rows of a dense (rows, length) matrix:
//
//   y = (x - mean) * rstd * weight + bias,   rstd = 1 / sqrt(var + eps),   var = sum (x - mean)^2 / length
//
// A null optional pointer means: not given (inputs) or not wanted (outputs). T is float or double.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

template <class T>
struct LayerNormForward {
  const T* x = nullptr;  // (rows, length)
  Index rows = 0;
  Index length = 0;
  const T* weight = nullptr;  // (length), optional: 1
  const T* bias = nullptr;    // (length), optional: 0
  double eps = 1e-5;
  T* y = nullptr;     // (rows, length); may be x
  T* mean = nullptr;  // (rows), optional
  T* rstd = nullptr;  // (rows), optional
};

template <class T>
struct LayerNormBackward {
  const T* dy = nullptr;  // (rows, length)
  const T* x = nullptr;   // (rows, length)
  Index rows = 0;
  Index length = 0;
  const T* mean = nullptr;    // (rows), as the forward pass saved it
  const T* rstd = nullptr;    // (rows)
  const T* weight = nullptr;  // (length), optional: 1
  T* dx = nullptr;            // (rows, length), optional; may be dy or x
  T* dweight = nullptr;       // (length), optional
  T* dbias = nullptr;         // (length), optional
};

template <class T>
Status layer_norm_forward(const LayerNormForward<T>& op) noexcept;

template <class T>
Status layer_norm_backward(const LayerNormBackward<T>& op) noexcept;

}  // namespace simdnorm
