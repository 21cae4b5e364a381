// How column kernels write: in windows that begin with a cache line.
#pragma once

#include "kernels/columns.hpp"

namespace simdnorm {
namespace {

/// Elements of a line, and of the next where `end` lies beyond the last.
struct Window {
  Index begin, end;
};

/// Lines that are written at once, across them pack by pack: what belongs to a column is loaded once for them, and
/// there are registers for where each of them stands.
constexpr int kGroup = 4;

template <int N>
struct LineCount {
  static constexpr int value = N;
};

/// How far p is from the next whole cache line.
template <class E>
inline Index to_cache_line(const E* p) {
  const Index past = past_line(p);
  return past == 0 ? 0 : kLineElements<E> - past;
}

/// How far into their lines the windows of a tile begin, for lines of `out` that follow each other and are all equally
/// far from the next cache line: then no pack is cut, and no cache line is written by halves.
template <class E>
inline Index window_shift(Index width, const E* out) {
  return width % kLineElements<E> == 0 ? to_cache_line(out) : 0;
}

/// Element-wise work on N lines, whole cache lines of `out` at a time: at(c, lanes) gives what is to be done with line
/// r of the pack at c, holding what it needs of the columns (made in its captures: copied there, it would lie in
/// memory).
template <int N, class E, class At>
SIMDNORM_INLINE inline void map_lines(const E* out, Window window, At at) {
  constexpr Index w = kLanes<Compute<E>>, line = kLineElements<E>;
  const auto pack = [&](Index c, auto lanes) SIMDNORM_INLINE {
    const auto work = at(c, lanes);
    SIMDNORM_UNROLL
    for (int r = 0; r < N; ++r) work(r);
  };
  Index c = window.begin;
  const Index to_line = to_cache_line(out + c), aligned = smaller(c + to_line, window.end);
  const Index to_pack = smaller(to_line % w, window.end - c);
  if (to_pack != 0) pack(c, First{to_pack});
  for (c += to_pack; c + w <= aligned; c += w) pack(c, All{});
  if constexpr (line == w) {
    for (; c + w <= window.end; c += w) pack(c, All{});
  } else {
    for (; c + line <= window.end; c += line) {
      const auto work = at(c, All{}), other = at(c + w, All{});
      SIMDNORM_UNROLL
      for (int r = 0; r < N; ++r) {
        work(r);
        other(r);
      }
    }
    if (c + w <= window.end) {
      pack(c, All{});
      c += w;
    }
  }
  if (c < window.end) pack(c, First{window.end - c});
}

/// body(LineCount, row, offset, step, window) for element-wise work on a tile, in groups of lines that are evenly
/// apart. Where windows are shifted the last line has no next one: what they leave of the tile is done apart.
template <class E, class Body>
inline void for_windows(const Columns& columns, const Tile& tile, Index abreast, bool shifted, const E* out,
                        Body body) {
  const Lines at(columns, tile.outer);
  const bool whole = tile.col_begin == 0 && tile.col_end == columns.columns && !columns.list;
  const Index joined = whole ? abreast : 1, lines = (tile.row_end - tile.row_begin) / joined;
  const Index width = whole ? joined * columns.columns : tile.col_end;
  const Index shift = whole && shifted && lines > 0 ? window_shift(width, out + at(tile.row_begin)) : 0;
  const auto row_of = [&](Index line) { return tile.row_begin + line * joined; };
  const auto single = [&](Index line, Window window) {
    body(LineCount<1>{}, row_of(line), at(row_of(line)), Index{0}, window);
  };
  if (shift > 0) single(0, {0, shift});
  const Index full = shift > 0 ? lines - 1 : lines;
  const Window window = {tile.col_begin + shift, width + shift};
  for (Index line = 0; line < full;) {
    const Index row = row_of(line), step = line + kGroup <= full ? at.step(row, kGroup) * joined : 0;
    if (step > 0) {
      body(LineCount<kGroup>{}, row, at(row), step, window);
      line += kGroup;
    } else {
      single(line++, window);
    }
  }
  if (shift > 0) single(full, {shift, width});
  if (row_of(lines) < tile.row_end) single(lines, {0, (tile.row_end - row_of(lines)) * columns.columns});
}

}  // namespace
}  // namespace simdnorm
