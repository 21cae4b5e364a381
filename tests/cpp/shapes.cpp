#include "shapes.hpp"

#include <algorithm>
#include <cstdlib>

#include "inputs.hpp"

namespace simdnorm::test {
namespace {

bool takes(const Operation& operation, const Shape& shape) {
  if (operation.by_channel() != shape.by_channel) return false;
  if (!shape.by_channel) {
    const auto& [outer, segments, middle, length, inner] = shape.rows;
    return operation.family == Family::rows || (segments == 1 && middle == 1 && inner == 1);
  }
  if (!shape.mask.name.empty() && !operation.masked()) return false;
  if (!operation.needs_two()) return true;
  const auto& [samples, outer, channels, inner] = shape.channels;
  const Index values = (operation.family == Family::batch ? samples : 1) * outer * inner;
  return values >= 2 || channels == 0;
}

/// Three of four, but never fewer than two of an instance, or of a channel where instances are single values.
bool any_element(const ChannelLayout& layout, Index n, Index o, Index c, Index i) {
  const Index position = o * layout.inner + i;
  if ((layout.outer * layout.inner > 1 ? position : n) < 2) return true;
  return random_number(
             20, static_cast<std::uint64_t>(((n * layout.outer + o) * layout.channels + c) * layout.inner + i)) > -0.5;
}

/// Emulators and sanitizers are slow: SIMDNORM_TEST_ONE_OF=n leaves them one of n problems.
Index one_of() {
  static const Index n = [] {
    const char* wish = std::getenv("SIMDNORM_TEST_ONE_OF");
    return std::max(wish ? Index{std::atoi(wish)} : Index{1}, Index{1});
  }();
  return n;
}

}  // namespace

std::vector<Problem> problems(const Operation& operation, const std::vector<Shape>& shapes) {
  std::vector<Problem> result;
  for (const Shape& shape : shapes) {
    if (!takes(operation, shape)) continue;
    for (const Types& types : kTypes) result.push_back({.operation = &operation, .shape = shape, .types = types});
  }
  return result;
}

std::vector<Problem> problems(const std::vector<Shape>& shapes) {
  std::vector<Problem> result;
  static Index number = 0;  // runs on from list to list, so that a share of each is another one
  for (const Operation& operation : operations()) {
    for (Problem& problem : problems(operation, shapes)) {
      if (number++ % one_of() == 0) result.push_back(std::move(problem));
    }
  }
  return result;
}

std::vector<MaskRule> masks(const ChannelLayout& layout) {
  const bool images = layout.inner > 1, several = layout.samples > 1;
  const auto length = [layout](Index n) {  // of sequence n, one of them whole
    const Index longest = layout.outer * layout.inner;
    return n == 1 ? longest : 2 + n * 7919 % std::max(longest - 2, Index{1});
  };
  const auto sequences = [=](Index n, Index o, Index, Index i) { return o * layout.inner + i < length(n); };
  const auto elements = [=](Index n, Index o, Index c, Index i) { return any_element(layout, n, o, c, i); };
  std::vector<MaskRule> result = {
      {"sequences", {nullptr, several, layout.outer > 1, false, images}, sequences},
      {"pixels", {nullptr, true, true, false, true}, elements},
  };
  if (layout.outer * layout.inner > 1) {
    result.push_back({"pixels of all", {nullptr, false, layout.outer > 1, false, images}, elements});
  }
  if (images) result.push_back({"elements", {nullptr, true, true, true, true}, elements});
  return result;
}

std::vector<Shape> shapes() {
  std::vector<Shape> result = {
      rows_of(3, 1),
      rows_of(37, 65),
      rows_of(300, 33),
      rows_of(37, 1027),
      rows_of(2, 9001),
      RowLayout{1, 1, 1, 300, 65},  // leading axes are reduced
      RowLayout{3, 1, 1, 65, 49},   // the channels of NCHW
      RowLayout{40, 1, 1, 33, 3},
      RowLayout{1, 1, 1, 20, 1031},
      RowLayout{1, 6, 50, 33, 1},
      RowLayout{5, 3, 20, 130, 1},
      RowLayout{3, 4, 5, 6, 37},
      RowLayout{2, 70, 3, 2, 18},
      ChannelLayout{1030, 1, 3, 1},  // (N, C)
      {ChannelLayout{260, 1, 69, 1}, 3},
      {ChannelLayout{4, 1, 2051, 1}, 7},
      {ChannelLayout{9, 1, 18, 49}, 6},  // NCHW
      {ChannelLayout{3, 1, 4, 2137}, 2},
      {ChannelLayout{9, 49, 18, 1}, 6},  // NHWC
      {ChannelLayout{2, 700, 6, 1}, 1},
      {ChannelLayout{3, 5, 8, 37}, 8},
  };
  for (const Shape& shape : std::vector<Shape>{{ChannelLayout{130, 1, 21, 1}, 3},
                                               {ChannelLayout{9, 1, 18, 49}, 6},
                                               {ChannelLayout{9, 49, 18, 1}, 6},
                                               {ChannelLayout{2, 700, 6, 1}, 2},
                                               {ChannelLayout{2, 1, 4, 1100}, 2},
                                               {ChannelLayout{3, 5, 8, 37}, 4}}) {
    for (const MaskRule& mask : masks(shape.channels)) result.push_back({shape.channels, shape.groups, mask});
  }
  return result;
}

std::vector<Shape> shared_shapes() {
  std::vector<Shape> result = {
      rows_of(2300, 33),
      rows_of(70, 1027),
      rows_of(2, 40001),
      RowLayout{1, 1, 1, 8500, 9},
      RowLayout{3, 1, 1, 65, 400},
      RowLayout{1, 1, 1, 20, 4099},
      RowLayout{2, 1, 1, 30, 9300},  // slabs of columns, the last one narrower
      RowLayout{1, 6, 50, 260, 1},
      RowLayout{2, 70, 3, 13, 18},
      {ChannelLayout{8500, 1, 9, 1}, 3},
      {ChannelLayout{70000, 1, 3, 1}, 1},  // several blocks of rows abreast, and rows that fill no line
      {ChannelLayout{4, 1, 18000, 1}, 2},
      {ChannelLayout{500, 1, 201, 1}, 3},  // one block of rows, in stripes for several threads
      {ChannelLayout{8, 60, 330, 1}, 6},
      RowLayout{1, 1, 1, 400, 333},
      {ChannelLayout{2, 1, 6, 6137}, 2},
      {ChannelLayout{2, 5000, 8, 1}, 2},
      {ChannelLayout{3, 5, 24, 217}, 8},
  };
  for (const ChannelLayout layout : {ChannelLayout{9, 1, 18, 490}, ChannelLayout{9, 490, 18, 1}}) {
    result.push_back({layout, 6});
    for (const MaskRule& mask : masks(layout)) result.push_back({layout, 6, mask});
  }
  return result;
}

std::vector<Shape> shapes_of_length(Index length) {
  const Index groups = length % 2 == 0 ? 2 : 1;
  std::vector<Shape> result = {
      rows_of(3, length),
      RowLayout{2, 1, 1, length, 3},
      RowLayout{2, 1, 1, 3, length},
      RowLayout{2, 3, 2, length, 1},
      RowLayout{2, 2, 3, 2, length},
      {ChannelLayout{5, 1, length, 1}, groups},
      {ChannelLayout{2, 3, length, 1}, groups},
      {ChannelLayout{2, 1, 2, length}, 2},
      {ChannelLayout{2, 2, 2, length}, 1},
  };
  if (length < 3) return result;
  for (const ChannelLayout layout : {ChannelLayout{2, 3, length, 1}, ChannelLayout{2, 1, 2, length}}) {
    for (const MaskRule& mask : masks(layout)) result.push_back({layout, 1, mask});
  }
  return result;
}

std::vector<Index> lengths(const Types& types) {
  const Index n = 64 / format(types.statistics()).bytes;
  return {0, 1, n - 1, n, n + 1, 4 * n / 3, 8 * n + 2, 1023, 1024, 1025, 3000};
}

}  // namespace simdnorm::test
