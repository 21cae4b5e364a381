#include "api/lists.hpp"

namespace simdnorm {

const LineList* masked_lines(const ChannelLayout& layout, Index samples, const Mask& mask, Scratch& scratch) {
  const MaskView view(layout, mask);
  const Index total = layout.samples * layout.outer, rows = total / samples;
  Index in = 0;
  for (Index s = 0; s < total; ++s) in += *view.at(layout, s, 0) != 0;
  if (in == total) return nullptr;

  Index* lines = scratch.take<Index>(in);
  Index* gaps = scratch.take<Index>(total - in);
  Index* begin = scratch.take<Index>(samples + 1);
  Index written = 0, left_out = 0;
  for (Index s = 0; s < total; ++s) {
    if (s % rows == 0) begin[s / rows] = written;
    if (*view.at(layout, s, 0) != 0) {
      lines[written++] = s;
    } else {
      gaps[left_out++] = s;
    }
  }
  begin[samples] = written;
  LineList* list = scratch.take<LineList>(1);
  *list = {lines, begin, gaps, left_out};
  return list;
}

const LineList* segment_lines(const RowLayout& l, Scratch& scratch) {
  const Index items = l.outer * l.middle, rows = l.segments * l.length;
  Index* lines = scratch.take<Index>(items * rows);
  Index* begin = scratch.take<Index>(items + 1);
  Index written = 0;
  for (Index item = 0; item < items; ++item) {
    begin[item] = written;
    for (Index r = 0; r < rows; ++r) {
      const Index segment = item / l.middle * l.segments + r / l.length;
      lines[written++] = (segment * l.middle + item % l.middle) * l.length + r % l.length;
    }
  }
  begin[items] = written;
  LineList* list = scratch.take<LineList>(1);
  *list = {lines, begin, nullptr, 0};
  return list;
}

}  // namespace simdnorm
