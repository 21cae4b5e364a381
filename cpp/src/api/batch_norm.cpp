#include "simdnorm/batch_norm.hpp"

#include "api/channels.hpp"

namespace simdnorm {
namespace {

template <class E, class P>
void update_running(const BatchNormForward<E, P>& op, const ChannelProblem<E>& problem, const Statistics* batch) {
  for (Index c = 0; c < op.layout.channels; ++c) {
    const double n = static_cast<double>(problem.count(c));
    move(op.running_mean[c], op.momentum, batch[c].mean);
    move(op.running_var[c], op.momentum, batch[c].m2 / (op.unbiased ? n - 1.0 : n));
  }
}

}  // namespace

template <class E, class P>
Status batch_norm_forward(const BatchNormForward<E, P>& op) noexcept {
  if (!usable(op.layout) || !usable(op.eps) || !usable(op.running_mean, op.running_var, op.momentum)) {
    return Status::invalid_argument;
  }
  const Index channels = op.layout.channels;
  if (channels == 0) return Status::ok;
  if (empty(op.layout) || !given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    if (!problem.each_holds(2)) return Status::invalid_argument;
    Statistics* batch = op.running_mean ? scratch.take<Statistics>(channels) : nullptr;
    problem.forward({.x = op.x,
                     .y = op.y,
                     .weight = widened(op.weight, channels, scratch),
                     .bias = widened(op.bias, channels, scratch),
                     .eps = op.eps,
                     .saved = {op.mean, op.rstd, batch}},
                    scratch);
    if (batch) update_running(op, problem, batch);
    return Status::ok;
  });
}

template <class E, class P>
Status batch_norm_inference(const BatchNormInference<E, P>& op) noexcept {
  using T = Compute<E>;
  if (!usable(op.layout) || !usable(op.eps)) return Status::invalid_argument;
  if (empty(op.layout)) return Status::ok;
  if (!given(op.x, op.y, op.running_mean, op.running_var)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    const Standardizer<T>* given = filled<Standardizer<T>>(op.layout.channels, scratch, [&](Index c) {
      const double rstd = 1.0 / std::sqrt(static_cast<double>(op.running_var[c]) + op.eps);
      return given_standardizer<T>(static_cast<double>(op.running_mean[c]), rstd);
    });
    problem.apply({.x = op.x,
                   .y = op.y,
                   .weight = widened(op.weight, op.layout.channels, scratch),
                   .bias = widened(op.bias, op.layout.channels, scratch)},
                  given, scratch);
    return Status::ok;
  });
}

template <class E, class P>
Status batch_norm_backward(const BatchNormBackward<E, P>& op) noexcept {
  using T = Compute<E>;
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index channels = op.layout.channels;
  if (empty(op.layout)) {
    fill_zero(op.dweight, channels);
    fill_zero(op.dbias, channels);
    return Status::ok;
  }
  if (!(op.dx || op.dweight || op.dbias)) return Status::ok;
  if (!given(op.dy, op.x, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, 1, op.mask, scratch);
    const Standardizer<T>* saved =
        filled<Standardizer<T>>(channels, scratch, [&](Index c) { return saved_standardizer(op.mean, op.rstd, c); });
    const bool wants_sums = op.dweight || op.dbias || (op.training && op.dx);
    GradientSums* sums = wants_sums ? scratch.take<GradientSums>(channels) : nullptr;
    problem.backward({.dy = op.dy,
                      .x = op.x,
                      .dx = op.dx,
                      .weight = widened(op.weight, channels, scratch),
                      .saved = saved,
                      .pass = {About::mean, op.training, !op.training},
                      .sums = sums},
                     scratch);
    if (sums) deliver_sums(sums, channels, channels, op.dweight, op.dbias);
    return Status::ok;
  });
}

#define SIMDNORM_INSTANTIATE(E, P)                                                \
  template Status batch_norm_forward(const BatchNormForward<E, P>&) noexcept;     \
  template Status batch_norm_inference(const BatchNormInference<E, P>&) noexcept; \
  template Status batch_norm_backward(const BatchNormBackward<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
