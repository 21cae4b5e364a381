#include "problem.hpp"

#include <initializer_list>

#include "operations.hpp"

namespace simdnorm::test {
namespace {

std::string joined(std::initializer_list<Index> sizes) {
  std::string result;
  for (const Index size : sizes) {
    if (!result.empty()) result += 'x';
    result += std::to_string(size);
  }
  return result;
}

}  // namespace

Index Shape::size() const {
  if (by_channel) return channels.samples * channels.outer * channels.channels * channels.inner;
  return rows.outer * rows.segments * rows.middle * rows.length * rows.inner;
}

std::string Shape::name() const {
  if (!by_channel) return joined({rows.outer, rows.segments, rows.middle, rows.length, rows.inner});
  return joined({channels.samples, channels.outer, channels.channels, channels.inner}) + "/" + std::to_string(groups) +
         (mask.name.empty() ? "" : " " + mask.name);
}

std::string Types::name() const {
  return std::string(format(elements).name) + (elements == parameters ? "" : "+float32");
}

std::string Problem::title() const {
  return operation->name + " " + shape.name() + " " + types.name() + (weighted ? "" : " no weight") +
         (biased ? "" : " no bias") + (unbiased ? "" : " biased") + " center " + std::to_string(center);
}

Pattern::Pattern(const Problem& problem) {
  const Shape& shape = problem.shape;
  const auto element = [this](Index g, Index p, bool counts) {
    group.push_back(g), parameter.push_back(p), counted.push_back(counts);
    count[static_cast<std::size_t>(g)] += counts;
  };
  if (!shape.by_channel) {
    const auto& [outer, segments, middle, length, inner] = shape.rows;
    groups = outer * middle * inner, parameters = segments * length;
    count.resize(static_cast<std::size_t>(groups));
    for (Index e = 0; e < shape.size(); ++e) {
      const Index k = e % inner, i = e / inner % length, m = e / inner / length % middle;
      const Index s = e / inner / length / middle % segments, o = e / inner / length / middle / segments;
      element((o * middle + m) * inner + k, s * length + i, true);
    }
    return;
  }
  const auto& [samples, outer, channels, inner] = shape.channels;
  const Family family = problem.operation->family;
  const Index per_sample = family == Family::groups ? shape.groups : channels;
  groups = family == Family::batch ? channels : samples * per_sample, parameters = channels;
  count.resize(static_cast<std::size_t>(groups));
  const MaskRule& mask = shape.mask;
  for (Index e = 0; e < shape.size(); ++e) {
    const Index i = e % inner, c = e / inner % channels, o = e / inner / channels % outer;
    const Index n = e / inner / channels / outer;
    const bool counts = !mask.counts || mask.counts(mask.along.along_samples ? n + problem.first_sample : 0,
                                                    mask.along.along_outer ? o : 0, mask.along.along_channels ? c : 0,
                                                    mask.along.along_inner ? i : 0);
    element(family == Family::batch ? c : n * per_sample + c / (channels / per_sample), c, counts);
  }
}

}  // namespace simdnorm::test
