// What the operations on channels share: from a channel layout to a driver of whichever shape it lowers to.
#pragma once

#include "api/lower.hpp"
#include "drive/drive.hpp"
#include "kernels/standardizers.hpp"

namespace simdnorm {
namespace {

template <class T>
void forward(const ChannelLayout& layout, const ForwardTask<T>& task, Scratch& scratch) {
  std::visit([&](const auto& problem) { drive_forward(problem, task, scratch); }, lower_channels(layout));
}

template <class T>
void apply(const ChannelLayout& layout, const ForwardTask<T>& task, const Standardizer<T>* given, Scratch& scratch) {
  std::visit([&](const auto& problem) { drive_apply(problem, task, given, scratch); }, lower_channels(layout));
}

template <class T>
void backward(const ChannelLayout& layout, const BackwardTask<T>& task, Scratch& scratch) {
  std::visit([&](const auto& problem) { drive_backward(problem, task, scratch); }, lower_channels(layout));
}

/// One entry a channel, entry(c).
template <class Entry, class Make>
Entry* per_channel(Index channels, Scratch& scratch, Make entry) {
  Entry* entries = scratch.take<Entry>(channels);
  for (Index c = 0; c < channels; ++c) entries[c] = entry(c);
  return entries;
}

}  // namespace
}  // namespace simdnorm
