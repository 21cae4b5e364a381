// What the operations on channels share: from a channel layout to a driver of whichever shape it lowers to, and from
// the sums of items to the gradients of channels.
#pragma once

#include "api/checks.hpp"
#include "api/lower.hpp"
#include "api/parameters.hpp"
#include "drive/drive.hpp"
#include "elements.hpp"

namespace simdnorm {
namespace {

/// A norm of channels, lowered: statistics per sample where they are kept apart, per channel or group of channels.
template <class E>
class ChannelProblem {
 public:
  /// `samples` is 1 where they are normalized together.
  ChannelProblem(const ChannelLayout& layout, Index samples, const Mask& mask, Scratch& scratch)
      : problem_(lower_channels<Compute<E>>(layout, samples, mask, scratch)),
        items_(samples * layout.channels),
        channels_(layout.channels) {}

  Index items() const { return items_; }
  Index channel(Index item) const { return item % channels_; }

  /// Values of an item.
  Index count(Index item) const {
    if (const auto* columns = std::get_if<Columns>(&problem_)) return rows_at(*columns, item / channels_);
    return count_of(std::get<Rows>(problem_), item);
  }
  bool each_holds(Index least) const {
    for (Index item = 0; item < items_; ++item) {
      if (count(item) < least) return false;
    }
    return true;
  }

  void forward(const ForwardTask<E>& task, Scratch& scratch) const {
    std::visit([&](const auto& problem) { drive_forward(problem, task, scratch); }, problem_);
  }
  void apply(const ForwardTask<E>& task, const Standardizer<Compute<E>>* given, Scratch& scratch) const {
    std::visit([&](const auto& problem) { drive_apply(problem, task, given, scratch); }, problem_);
  }
  void backward(const KeptBackwardTask<E>& task, Scratch& scratch) const {
    std::visit([&](const auto& problem) { drive_backward(problem, task, scratch); }, problem_);
  }

 private:
  Problem problem_;
  Index items_, channels_;
};

/// `n` entries, entry(i).
template <class Entry, class Make>
Entry* filled(Index n, Scratch& scratch, Make entry) {
  Entry* entries = scratch.take<Entry>(n);
  for (Index i = 0; i < n; ++i) entries[i] = entry(i);
  return entries;
}

/// A channel's own sums are those of its items, sample by sample.
template <class P>
void deliver_sums(const GradientSums* sums, Index items, Index channels, P* dweight, P* dbias) {
  for (Index c = 0; c < channels; ++c) {
    GradientSums total = sums[c];
    for (Index item = c + channels; item < items; item += channels) add(total, sums[item]);
    if (dweight) dweight[c] = narrowed<P>(static_cast<Compute<P>>(value(total.dy_xhat)));
    if (dbias) dbias[c] = narrowed<P>(static_cast<Compute<P>>(value(total.dy)));
  }
}

/// Running statistics come both or not at all.
template <class T>
bool usable(const T* running_mean, const T* running_var, double momentum) {
  return momentum >= 0.0 && momentum <= 1.0 && !running_mean == !running_var;
}

/// new = (1 - momentum) * old + momentum * batch
template <class T>
void move(T& running, double momentum, double batch) {
  running = static_cast<T>((1.0 - momentum) * static_cast<double>(running) + momentum * batch);
}

}  // namespace
}  // namespace simdnorm
