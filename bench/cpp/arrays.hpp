// The memory of one operation at work.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "simdnorm/simdnorm.hpp"

namespace simdnorm::bench {

/// What an operation works on: rows or channels, in one name.
struct Shape {
  std::string name;
  RowLayout rows = {};
  ChannelLayout channels = {};
  Index groups = 1;

  Index size() const {
    return rows.outer * rows.segments * rows.middle * rows.length * rows.inner +
           channels.samples * channels.outer * channels.channels * channels.inner;
  }
  Index parameters() const { return rows.segments * rows.length + channels.channels; }
  Index statistics() const {
    return std::max({rows.outer * rows.middle * rows.inner, channels.samples * channels.channels, Index{1}});
  }
};

template <class E>
E element(float number) {
  if constexpr (std::is_same_v<E, bfloat16>) {
    return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16)};
  } else {
    return number;
  }
}

/// Numbers between 0 and 1, so that they are fit for a variance as well.
template <class E>
std::vector<E> values(Index size) {
  std::vector<E> result(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = element<E>(static_cast<float>(1 + i * 2654435761u % 1000) / 1000);
  }
  return result;
}

template <class E>
struct Arrays {
  Shape shape;
  Index size = shape.size(), parameters = shape.parameters(), statistics = shape.statistics();
  std::vector<E> x = values<E>(size), other = x, third = x;  // inputs of its size
  std::vector<E> y = x, more = x;                            // outputs
  std::vector<E> weight = values<E>(parameters), bias = weight, dweight = weight, dbias = weight;
  std::vector<float> mean = values<float>(statistics), rstd = mean, running_mean = mean, running_var = mean;
  std::vector<double> means = values<double>(parameters), rstds = means, sums = means, more_sums = means;
  std::vector<Index> counts = std::vector<Index>(static_cast<std::size_t>(parameters), size / parameters);
  std::vector<std::uint8_t> lengths = mask_of_lengths();

  /// Sequences from a quarter of the longest to all of it.
  std::vector<std::uint8_t> mask_of_lengths() const {
    const Index positions = shape.channels.outer * shape.channels.inner;
    std::vector<std::uint8_t> mask;
    for (Index sample = 0; sample < shape.channels.samples; ++sample) {
      const Index length = positions / 4 + positions * 3 / 4 * (sample * 7 % 8) / 7;
      for (Index position = 0; position < positions; ++position) mask.push_back(position < length);
    }
    return mask;
  }
  Mask mask() const { return {reinterpret_cast<const bool*>(lengths.data()), true, true, false, true}; }
};

}  // namespace simdnorm::bench
