// How column kernels walk a tile. A line is a row, or several narrow ones abreast; lines come eight at a time, and
// across them pack by pack, so that what belongs to a column is loaded once for eight lines. Those that remain come
// one by one, and rows that fill no line are a shorter one at the end.
#pragma once

#include <algorithm>

#include "kernels/columns_arguments.hpp"
#include "kernels/standardizers.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

constexpr int kGroup = 8;

template <int N>
struct LineCount {
  static constexpr int value = N;
};

/// body(LineCount, first line): `lines` of them, in order.
template <class Body>
inline void for_line_groups(Index lines, Body body) {
  Index line = 0;
  for (; line + kGroup <= lines; line += kGroup) body(LineCount<kGroup>{}, line);
  for (; line < lines; ++line) body(LineCount<1>{}, line);
}

/// part(row, lines, abreast): the rows of a tile in order, as many lines at a time as may be summed in T.
template <class Part>
inline void for_parts(const Tile& tile, Index abreast, Part part) {
  Index row = tile.row_begin;
  while (tile.row_end - row >= abreast) {
    const Index lines = smaller(kPartLines, (tile.row_end - row) / abreast);
    part(row, lines, abreast);
    row += lines * abreast;
  }
  if (row < tile.row_end) part(row, Index{1}, tile.row_end - row);
}

/// Asks for the cache line of *p, which need not exist, to come into the second cache: many lines at a time are under
/// way, and the first would be too small for them.
template <class E>
SIMDNORM_INLINE inline void bring_nearer(const E* p) {
  __builtin_prefetch(p, 0, 2);
}

/// p + ahead, where there may be nothing.
template <class E>
SIMDNORM_INLINE inline const E* beyond(const E* p, Index ahead) {
  return reinterpret_cast<const E*>(reinterpret_cast<std::uintptr_t>(p) +
                                    static_cast<std::uintptr_t>(ahead) * sizeof(E));
}

/// Lines that are evenly apart.
template <class E>
struct Walk {
  E* first;
  Index step;
};

/// The lines of a group for a sum, columns from x on: where they stand, or, if they are not evenly apart, copied
/// together, for the order of summation is that of groups.
template <class E>
struct Gathered {
  E copies[kGroup * kStripeColumns];

  Walk<const E> take(const E* x, const Lines& at, Index row, Index lines, Index abreast, Index columns) {
    const Index step = at.step(row, lines * abreast);
    if (step == at.stride || (step > 0 && abreast == 1)) return {x + at(row), step * abreast};
    for (Index r = 0; r < lines * abreast; ++r) std::copy_n(x + at(row + r), columns, copies + r * columns);
    return {copies, columns * abreast};
  }
};

/// Sums of columns in double: those of floats need nothing more, those of doubles leave errors behind.
template <class T>
struct Totals {
  double values[kStripeColumns], errors[kStripeColumns];

  void clear(Index n) {
    for (Index c = 0; c < n; ++c) values[c] = errors[c] = 0.0;
  }
  void take(const T* part, Index n) {
    for (Index c = 0; c < n; ++c) {
      Sum sum = at(c);
      if constexpr (sizeof(T) < sizeof(double)) {
        sum.value += static_cast<double>(part[c]);
      } else {
        add(sum, part[c]);
      }
      set(c, sum);
    }
  }
  /// What stands abreast joins the first.
  void fold(Index columns, Index abreast) {
    for (Index other = columns; other < columns * abreast; other += columns) {
      for (Index c = 0; c < columns; ++c) {
        Sum sum = at(c);
        add(sum, value(at(other + c)));
        set(c, sum);
      }
    }
  }
  SIMDNORM_INLINE Sum at(Index c) const { return {values[c], errors[c]}; }
  SIMDNORM_INLINE void set(Index c, const Sum& sum) {
    values[c] = sum.value;
    errors[c] = sum.error;
  }
};

/// Elements of a line, and of the next where `end` lies beyond the last.
struct Window {
  Index begin, end;
};

/// Elements of a cache line: a pack, or two of 16 bits each.
template <class E>
constexpr Index kLineElements = 64 / static_cast<Index>(sizeof(E));

/// How far p is from the next whole cache line.
template <class E>
inline Index to_cache_line(const E* p) {
  const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(p) % 64 / sizeof(E));
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
  const Index head = smaller(to_cache_line(out + c), window.end - c), aligned = c + head;
  if (head % w != 0) pack(c, First{head % w});
  for (c += head % w; c < aligned; c += w) pack(c, All{});
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

/// body(LineCount, row, offset, step, window) for element-wise work on a tile: groups of lines that are evenly apart,
/// from the last to the first, for what a sum has read last is still in the caches. Where windows are shifted the last
/// line has no next one: what they leave of the tile is done apart.
template <class E, class Body>
inline void for_windows(const Columns& columns, const Tile& tile, Index abreast, bool shifted, const E* out,
                        Body body) {
  const Lines at(columns, tile.outer);
  const bool whole = tile.col_begin == 0 && tile.col_end == columns.columns && !columns.list;
  const Index joined = whole ? abreast : 1, lines = (tile.row_end - tile.row_begin) / joined;
  const Index width = whole ? joined * columns.columns : tile.col_end;
  const Index shift = whole && shifted ? window_shift(width, out + at(tile.row_begin)) : 0;
  const auto row_of = [&](Index line) { return tile.row_begin + line * joined; };
  const auto single = [&](Index line, Window window) {
    body(LineCount<1>{}, row_of(line), at(row_of(line)), Index{0}, window);
  };
  if (row_of(lines) < tile.row_end) single(lines, {0, (tile.row_end - row_of(lines)) * columns.columns});
  Index line = lines;
  if (shift > 0 && lines > 0) single(--line, {shift, width});
  const Window window = {tile.col_begin + shift, width + shift};
  while (line > 0) {
    const Index row = row_of(line - kGroup), step = line >= kGroup ? at.step(row, kGroup) * joined : 0;
    if (step > 0) {
      body(LineCount<kGroup>{}, row, at(row), step, window);
      line -= kGroup;
    } else {
      single(--line, window);
    }
  }
  if (shift > 0 && lines > 0) single(0, {0, shift});
}

/// Line r of a group goes to one of two accumulators, so that two additions are in flight and fewer follow each other.
template <class T>
struct Pair {
  Pack<T> even = broadcast<T>(T(0)), odd = broadcast<T>(T(0));
  Pack<T>& operator[](int r) { return r % 2 == 0 ? even : odd; }
  Pack<T> total() const { return even + odd; }
};

/// A parameter along the rows of a group, seen from columns c and on.
template <class T>
struct ByRow {
  const T* parameter;  // from the first row of the group on
  struct Columns {
    const T* parameter;
    SIMDNORM_INLINE Pack<T> operator[](int r) const { return broadcast<T>(parameter[r]); }
  };
  SIMDNORM_INLINE Columns at(Index, auto) const { return {parameter}; }
};

/// A parameter along the columns.
template <class T>
struct ByColumn {
  const T* parameter;
  struct Columns {
    Pack<T> value;
    SIMDNORM_INLINE Pack<T> operator[](int) const { return value; }
  };
  SIMDNORM_INLINE Columns at(Index c, auto lanes) const { return {load(parameter + c, lanes)}; }
};

/// xhat of columns c and on.
template <class T, class Lanes>
SIMDNORM_INLINE inline Xhat<T> xhat_of(const ColumnStandardizers<T>& s, Index c, Lanes lanes) {
  return {load(s.mean + c, lanes), load(s.rstd + c, lanes), load(s.shift + c, lanes)};
}

}  // namespace
}  // namespace simdnorm
