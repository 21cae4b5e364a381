#include <algorithm>

#include "api/checks.hpp"
#include "api/lower.hpp"
#include "drive/drive.hpp"
#include "simdnorm/layer_norm.hpp"

namespace simdnorm {

template <class T>
Status layer_norm_forward(const LayerNormForward<T>& op) noexcept {
  if (op.rows < 0 || op.length < 0 || !usable(op.eps)) return Status::invalid_argument;
  if (op.length == 0) {  // the statistics of no values, by convention
    if (op.mean) std::fill_n(op.mean, op.rows, T(0));
    if (op.rstd) std::fill_n(op.rstd, op.rows, static_cast<T>(1.0 / std::sqrt(op.eps)));
    return Status::ok;
  }
  if (op.rows == 0) return Status::ok;
  if (!given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    drive_forward(lower_rows(op.rows, op.length),
                  ForwardTask<T>{.x = op.x,
                                 .y = op.y,
                                 .weight = op.weight,
                                 .bias = op.bias,
                                 .along = Along::length,
                                 .eps = op.eps,
                                 .saved = {op.mean, op.rstd, nullptr}},
                  scratch);
  });
}

template <class T>
Status layer_norm_backward(const LayerNormBackward<T>& op) noexcept {
  if (op.rows < 0 || op.length < 0) return Status::invalid_argument;
  if (op.rows == 0) {
    if (op.dweight) std::fill_n(op.dweight, op.length, T(0));
    if (op.dbias) std::fill_n(op.dbias, op.length, T(0));
    return Status::ok;
  }
  if (op.length == 0 || !(op.dx || op.dweight || op.dbias)) return Status::ok;
  if (!given(op.dy, op.x, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    drive_backward(lower_rows(op.rows, op.length),
                   RowParametersTask<T>{.dy = op.dy,
                                        .x = op.x,
                                        .dx = op.dx,
                                        .weight = op.weight,
                                        .mean = op.mean,
                                        .rstd = op.rstd,
                                        .dweight = op.dweight,
                                        .dbias = op.dbias},
                   scratch);
  });
}

template Status layer_norm_forward(const LayerNormForward<float>&) noexcept;
template Status layer_norm_forward(const LayerNormForward<double>&) noexcept;
template Status layer_norm_backward(const LayerNormBackward<float>&) noexcept;
template Status layer_norm_backward(const LayerNormBackward<double>&) noexcept;

}  // namespace simdnorm
