#include <algorithm>

#include "api/channels.hpp"
#include "api/checks.hpp"
#include "simdnorm/batch_norm.hpp"

namespace simdnorm {
namespace {

template <class T>
void update_running(const BatchNormForward<T>& op, const Statistics* batch) {
  const double n = static_cast<double>(values(op.layout)), keep = 1.0 - op.momentum;
  for (Index c = 0; c < op.layout.channels; ++c) {
    const double variance = batch[c].m2 / (op.unbiased ? n - 1.0 : n);
    const double mean = keep * static_cast<double>(op.running_mean[c]) + op.momentum * batch[c].mean;
    const double var = keep * static_cast<double>(op.running_var[c]) + op.momentum * variance;
    op.running_mean[c] = static_cast<T>(mean);
    op.running_var[c] = static_cast<T>(var);
  }
}

}  // namespace

template <class T>
Status batch_norm_forward(const BatchNormForward<T>& op) noexcept {
  if (!usable(op.layout) || !usable(op.eps) || !(op.momentum >= 0.0 && op.momentum <= 1.0) ||
      !op.running_mean != !op.running_var) {
    return Status::invalid_argument;
  }
  if (op.layout.channels == 0) return Status::ok;
  if (values(op.layout) < 2 || !given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    Statistics* batch = op.running_mean ? scratch.take<Statistics>(op.layout.channels) : nullptr;
    forward(op.layout,
            ForwardTask<T>{.x = op.x,
                           .y = op.y,
                           .weight = op.weight,
                           .bias = op.bias,
                           .eps = op.eps,
                           .saved = {op.mean, op.rstd, batch}},
            scratch);
    if (batch) update_running(op, batch);
  });
}

template <class T>
Status batch_norm_inference(const BatchNormInference<T>& op) noexcept {
  if (!usable(op.layout) || !usable(op.eps)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.x, op.y, op.running_mean, op.running_var)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const Standardizer<T>* s = per_channel<Standardizer<T>>(op.layout.channels, scratch, [&](Index c) {
      const double rstd = 1.0 / std::sqrt(static_cast<double>(op.running_var[c]) + op.eps);
      return given_standardizer<T>(static_cast<double>(op.running_mean[c]), rstd);
    });
    apply(op.layout, ForwardTask<T>{.x = op.x, .y = op.y, .weight = op.weight, .bias = op.bias}, s, scratch);
  });
}

template <class T>
Status batch_norm_backward(const BatchNormBackward<T>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index channels = op.layout.channels;
  if (empty(op.layout)) {
    if (op.dweight) std::fill_n(op.dweight, channels, T(0));
    if (op.dbias) std::fill_n(op.dbias, channels, T(0));
    return Status::ok;
  }
  if (!(op.dx || op.dweight || op.dbias)) return Status::ok;
  if (!given(op.dy, op.x, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const Standardizer<T>* saved = per_channel<Standardizer<T>>(
        channels, scratch, [&](Index c) { return saved_standardizer<T>(op.mean[c], op.rstd[c]); });
    const bool wants_sums = op.dweight || op.dbias || (op.training && op.dx);
    GradientSums* sums = wants_sums ? scratch.take<GradientSums>(channels) : nullptr;
    backward(op.layout,
             BackwardTask<T>{.dy = op.dy,
                             .x = op.x,
                             .dx = op.dx,
                             .weight = op.weight,
                             .saved = saved,
                             .rounded = op.training,
                             .frozen = !op.training,
                             .sums = sums},
             scratch);
    for (Index c = 0; c < channels; ++c) {
      if (op.dweight) op.dweight[c] = static_cast<T>(value(sums[c].dy_xhat));
      if (op.dbias) op.dbias[c] = static_cast<T>(value(sums[c].dy));
    }
  });
}

#define SIMDNORM_INSTANTIATE(T)                                                \
  template Status batch_norm_forward(const BatchNormForward<T>&) noexcept;     \
  template Status batch_norm_inference(const BatchNormInference<T>&) noexcept; \
  template Status batch_norm_backward(const BatchNormBackward<T>&) noexcept;
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
