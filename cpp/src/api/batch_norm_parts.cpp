// BatchNorm in parts, for statistics that span processes: what is given is exact, so means come in double.
#include "api/channels.hpp"
#include "simdnorm/batch_norm.hpp"

namespace simdnorm {
namespace {

template <class E, class Op>
const Standardizer<Compute<E>>* given_standardizers(const Op& op, Scratch& scratch) {
  using T = Compute<E>;
  return filled<Standardizer<T>>(op.layout.channels, scratch,
                                 [&](Index c) { return given_standardizer<T>(op.mean[c], op.rstd[c]); });
}

}  // namespace

template <class E>
Status batch_norm_statistics(const BatchNormStatistics<E>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index channels = op.layout.channels;
  if (channels == 0) return Status::ok;
  if (!given(op.count, op.mean, op.m2)) return Status::invalid_argument;
  if (empty(op.layout)) {
    std::fill_n(op.count, channels, Index{0});
    std::fill_n(op.mean, channels, 0.0);
    std::fill_n(op.m2, channels, 0.0);
    return Status::ok;
  }
  if (!given(op.x)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    Statistics* statistics = scratch.take<Statistics>(channels);
    problem.forward({.x = op.x, .saved = {nullptr, nullptr, statistics}}, scratch);
    for (Index c = 0; c < channels; ++c) {
      op.count[c] = problem.count(c);
      op.mean[c] = statistics[c].mean;
      op.m2[c] = statistics[c].m2;
    }
    return Status::ok;
  });
}

template <class E, class P>
Status batch_norm_apply(const BatchNormApply<E, P>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.x, op.y, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, {}, scratch);
    problem.apply({.x = op.x,
                   .y = op.y,
                   .weight = widened(op.weight, op.layout.channels, scratch),
                   .bias = widened(op.bias, op.layout.channels, scratch)},
                  given_standardizers<E>(op, scratch), scratch);
    return Status::ok;
  });
}

template <class E>
Status batch_norm_backward_sums(const BatchNormBackwardSums<E>& op) noexcept {
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
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    GradientSums* sums = scratch.take<GradientSums>(channels);
    problem.backward({.dy = op.dy, .x = op.x, .saved = given_standardizers<E>(op, scratch), .sums = sums}, scratch);
    for (Index c = 0; c < channels; ++c) {
      op.sum_dy[c] = value(sums[c].dy);
      op.sum_dy_xhat[c] = value(sums[c].dy_xhat);
    }
    return Status::ok;
  });
}

template <class E, class P>
Status batch_norm_backward_apply(const BatchNormBackwardApply<E, P>& op) noexcept {
  using T = Compute<E>;
  if (!usable(op.layout)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.dy, op.x, op.dx, op.mean, op.rstd, op.sum_dy, op.sum_dy_xhat, op.count)) {
    return Status::invalid_argument;
  }
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    const T* weight = widened(op.weight, op.layout.channels, scratch);
    const Gradients<T>* gradients = filled<Gradients<T>>(op.layout.channels, scratch, [&](Index c) {
      const GradientSums sums = {{op.sum_dy[c], 0.0}, {op.sum_dy_xhat[c], 0.0}, {}};
      const double scale = op.rstd[c] * (weight ? static_cast<double>(weight[c]) : 1.0);
      return Gradients<T>{given_standardizer<T>(op.mean[c], op.rstd[c]), projection<T>(sums, op.count[c], scale)};
    });
    problem.backward({.dy = op.dy, .x = op.x, .dx = op.dx, .gradients = gradients}, scratch);
    return Status::ok;
  });
}

#define SIMDNORM_INSTANTIATE(E)                                                  \
  template Status batch_norm_statistics(const BatchNormStatistics<E>&) noexcept; \
  template Status batch_norm_backward_sums(const BatchNormBackwardSums<E>&) noexcept;
SIMDNORM_INSTANTIATE(float)
SIMDNORM_INSTANTIATE(double)
SIMDNORM_INSTANTIATE(float16)
SIMDNORM_INSTANTIATE(bfloat16)
#undef SIMDNORM_INSTANTIATE

#define SIMDNORM_INSTANTIATE(E, P)                                        \
  template Status batch_norm_apply(const BatchNormApply<E, P>&) noexcept; \
  template Status batch_norm_backward_apply(const BatchNormBackwardApply<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
