// What a test gives to an operation: shape, mask, types and options; and which elements belong together there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "numbers.hpp"

namespace simdnorm::test {

struct Operation;  // operations.hpp

/// Which elements count, by their position; along an axis where the mask does not differ the position is 0.
struct MaskRule {
  std::string name;  // empty: no mask
  Mask along = {};   // without values
  std::function<bool(Index sample, Index outer, Index channel, Index inner)> counts = nullptr;
};

/// Rows of a row norm, or channels of the others.
struct Shape {
  RowLayout rows = {};
  ChannelLayout channels = {};
  bool by_channel = false;
  Index groups = 1;
  MaskRule mask = {};

  Shape(RowLayout layout) : rows(layout) {}
  Shape(ChannelLayout layout, Index groups_ = 1, MaskRule mask_ = {})
      : channels(layout), by_channel(true), groups(groups_), mask(std::move(mask_)) {}
  Index size() const;
  Index samples() const { return by_channel ? channels.samples : rows.outer; }
  std::string name() const;
};

/// The types of elements and of parameters.
struct Types {
  Kind elements, parameters;
  Kind statistics() const { return elements == Kind::float64 ? Kind::float64 : Kind::float32; }
  std::string name() const;
  bool operator==(const Types&) const = default;
};
inline constexpr Types kTypes[] = {{Kind::float32, Kind::float32},   {Kind::float64, Kind::float64},
                                   {Kind::float16, Kind::float16},   {Kind::float16, Kind::float32},
                                   {Kind::bfloat16, Kind::bfloat16}, {Kind::bfloat16, Kind::float32}};

struct Problem {
  const Operation* operation;
  Shape shape;
  Types types;
  bool weighted = true, biased = true;
  double eps = 1e-5, momentum = 0.3;
  bool unbiased = true;
  double center = 0.5, spread = 1;
  std::function<double(Index, double)> change = nullptr;           // of an element of x
  double masked_value = std::numeric_limits<double>::quiet_NaN();  // of what does not count
  Index first_sample = 0;                                          // of those that the rules of the inputs are about

  std::string title() const;
};

/// Which statistics and parameters each element of x has, and whether it counts.
struct Pattern {
  Index groups = 0, parameters = 0;
  std::vector<Index> group, parameter;
  std::vector<bool> counted;
  std::vector<Index> count;  // of the elements of each group

  explicit Pattern(const Problem& problem);
};

}  // namespace simdnorm::test
