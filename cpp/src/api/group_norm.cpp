#include "simdnorm/group_norm.hpp"

#include "api/channels.hpp"

namespace simdnorm {
namespace {

/// Whether the groups divide the channels and can have statistics. No channels are divided by any number of groups, and
/// by none, too: InstanceNorm has as many as channels.
bool usable(const ChannelLayout& layout, Index groups) {
  if (!usable(layout) || !usable({layout.samples, groups})) return false;
  return groups == layout.channels || (groups >= 1 && layout.channels % groups == 0);
}

template <class E, class P>
void update_running(const InstanceNormForward<E, P>& op, const ChannelProblem<E>& problem,
                    const Statistics* instances) {
  const double samples = static_cast<double>(op.layout.samples);
  for (Index c = 0; c < op.layout.channels; ++c) {
    Sum mean = {}, variance = {};
    for (Index item = c; item < problem.items(); item += op.layout.channels) {
      add(mean, instances[item].mean);
      add(variance, instances[item].m2 / static_cast<double>(problem.count(item) - 1));
    }
    move(op.running_mean[c], op.momentum, value(mean) / samples);
    move(op.running_var[c], op.momentum, value(variance) / samples);
  }
}

}  // namespace

template <class E, class P>
Status group_norm_forward(const GroupNormForward<E, P>& op) noexcept {
  if (!usable(op.layout, op.groups) || !usable(op.eps)) return Status::invalid_argument;
  if (empty(op.layout)) return of_nothing(op.layout.samples * op.groups, op.eps, op.mean, op.rstd);
  if (!given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, op.layout.samples, op.mask, scratch);
    problem.forward({.x = op.x,
                     .y = op.y,
                     .weight = widened(op.weight, op.layout.channels, scratch),
                     .bias = widened(op.bias, op.layout.channels, scratch),
                     .group = op.layout.channels / op.groups,
                     .eps = op.eps,
                     .saved = {op.mean, op.rstd, nullptr}},
                    scratch);
    return Status::ok;
  });
}

template <class E, class P>
Status group_norm_backward(const GroupNormBackward<E, P>& op) noexcept {
  using T = Compute<E>;
  const Index channels = op.layout.channels;
  if (!usable(op.layout, op.groups)) return Status::invalid_argument;
  if (empty(op.layout)) {
    fill_zero(op.dweight, channels);
    fill_zero(op.dbias, channels);
    return Status::ok;
  }
  if (!(op.dx || op.dweight || op.dbias)) return Status::ok;
  if (!given(op.dy, op.x, op.mean, op.rstd)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const Index group = channels / op.groups;
    const ChannelProblem<E> problem(op.layout, op.layout.samples, op.mask, scratch);
    const Standardizer<T>* saved = filled<Standardizer<T>>(
        problem.items() / group, scratch, [&](Index g) { return saved_standardizer(op.mean, op.rstd, g); });
    GradientSums* sums = scratch.take<GradientSums>(problem.items());
    problem.backward({.dy = op.dy,
                      .x = op.x,
                      .dx = op.dx,
                      .weight = widened(op.weight, channels, scratch),
                      .group = group,
                      .saved = saved,
                      .pass = {About::mean, true, false},
                      .sums = sums},
                     scratch);
    deliver_sums(sums, problem.items(), channels, op.dweight, op.dbias);
    return Status::ok;
  });
}

template <class E, class P>
Status instance_norm_forward(const InstanceNormForward<E, P>& op) noexcept {
  if (!usable(op.layout) || !usable(op.eps) || !usable(op.running_mean, op.running_var, op.momentum)) {
    return Status::invalid_argument;
  }
  if (op.layout.samples == 0 || op.layout.channels == 0) return Status::ok;
  if (empty(op.layout) || !given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ChannelProblem<E> problem(op.layout, op.layout.samples, op.mask, scratch);
    if (!problem.each_holds(2)) return Status::invalid_argument;
    Statistics* instances = op.running_mean ? scratch.take<Statistics>(problem.items()) : nullptr;
    problem.forward({.x = op.x,
                     .y = op.y,
                     .weight = widened(op.weight, op.layout.channels, scratch),
                     .bias = widened(op.bias, op.layout.channels, scratch),
                     .eps = op.eps,
                     .saved = {op.mean, op.rstd, instances}},
                    scratch);
    if (instances) update_running(op, problem, instances);
    return Status::ok;
  });
}

#define SIMDNORM_INSTANTIATE(E, P)                                              \
  template Status group_norm_forward(const GroupNormForward<E, P>&) noexcept;   \
  template Status group_norm_backward(const GroupNormBackward<E, P>&) noexcept; \
  template Status instance_norm_forward(const InstanceNormForward<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
