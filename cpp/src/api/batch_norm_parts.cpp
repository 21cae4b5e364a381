// BatchNorm in parts, for statistics that span processes: what is given is exact, so means come in double.
#include <algorithm>

#include "api/channels.hpp"
#include "api/checks.hpp"
#include "simdnorm/batch_norm.hpp"

namespace simdnorm {
namespace {

template <class T, class Op>
const Standardizer<T>* given_standardizers(const Op& op, Scratch& scratch) {
  return per_channel<Standardizer<T>>(op.layout.channels, scratch,
                                      [&](Index c) { return given_standardizer<T>(op.mean[c], op.rstd[c]); });
}

}  // namespace

template <class T>
Status batch_norm_statistics(const BatchNormStatistics<T>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index channels = op.layout.channels;
  if (channels == 0) return Status::ok;
  if (!given(op.mean, op.m2)) return Status::invalid_argument;
  if (empty(op.layout)) {
    std::fill_n(op.mean, channels, 0.0);
    std::fill_n(op.m2, channels, 0.0);
    return Status::ok;
  }
  if (!given(op.x)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    Statistics* statistics = scratch.take<Statistics>(channels);
    forward(op.layout, ForwardTask<T>{.x = op.x, .saved = {nullptr, nullptr, statistics}}, scratch);
    for (Index c = 0; c < channels; ++c) {
      op.mean[c] = statistics[c].mean;
      op.m2[c] = statistics[c].m2;
    }
  });
}

template <class T>
Status batch_norm_apply(const BatchNormApply<T>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.x, op.y, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    apply(op.layout, ForwardTask<T>{.x = op.x, .y = op.y, .weight = op.weight, .bias = op.bias},
          given_standardizers<T>(op, scratch), scratch);
  });
}

template <class T>
Status batch_norm_backward_sums(const BatchNormBackwardSums<T>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index channels = op.layout.channels;
  if (channels == 0) return Status::ok;
  if (!given(op.sum_dy, op.sum_dy_xhat)) return Status::invalid_argument;
  if (empty(op.layout)) {
    std::fill_n(op.sum_dy, channels, 0.0);
    std::fill_n(op.sum_dy_xhat, channels, 0.0);
    return Status::ok;
  }
  if (!given(op.dy, op.x, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    GradientSums* sums = scratch.take<GradientSums>(channels);
    backward(op.layout,
             BackwardTask<T>{.dy = op.dy, .x = op.x, .saved = given_standardizers<T>(op, scratch), .sums = sums},
             scratch);
    for (Index c = 0; c < channels; ++c) {
      op.sum_dy[c] = value(sums[c].dy);
      op.sum_dy_xhat[c] = value(sums[c].dy_xhat);
    }
  });
}

template <class T>
Status batch_norm_backward_apply(const BatchNormBackwardApply<T>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.dy, op.x, op.dx, op.mean, op.rstd, op.sum_dy, op.sum_dy_xhat, op.count)) {
    return Status::invalid_argument;
  }
  return run([&] {
    Scratch scratch;
    const Gradients<T>* gradients = per_channel<Gradients<T>>(op.layout.channels, scratch, [&](Index c) {
      const GradientSums sums = {{op.sum_dy[c], 0.0}, {op.sum_dy_xhat[c], 0.0}, {}};
      const double scale = op.rstd[c] * (op.weight ? static_cast<double>(op.weight[c]) : 1.0);
      return Gradients<T>{given_standardizer<T>(op.mean[c], op.rstd[c]), projection<T>(sums, op.count[c], scale)};
    });
    backward(op.layout, BackwardTask<T>{.dy = op.dy, .x = op.x, .dx = op.dx, .gradients = gradients}, scratch);
  });
}

#define SIMDNORM_INSTANTIATE(T)                                                       \
  template Status batch_norm_statistics(const BatchNormStatistics<T>&) noexcept;      \
  template Status batch_norm_apply(const BatchNormApply<T>&) noexcept;                \
  template Status batch_norm_backward_sums(const BatchNormBackwardSums<T>&) noexcept; \
  template Status batch_norm_backward_apply(const BatchNormBackwardApply<T>&) noexcept;
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
