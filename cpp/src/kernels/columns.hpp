// How column kernels walk a tile: eight rows at a time, and across them pack by pack, so that what belongs to a
// column is loaded once for eight rows. The rows that remain come one by one.
#pragma once

#include <algorithm>

#include "kernels/columns_arguments.hpp"
#include "kernels/standardizers.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

constexpr int kGroup = 8;

template <int N>
struct RowCount {
  static constexpr int value = N;
};

/// body(RowCount, first row): all rows of [begin, end), in order.
template <class Body>
inline void for_row_groups(Index begin, Index end, Body body) {
  Index row = begin;
  for (; row + kGroup <= end; row += kGroup) body(RowCount<kGroup>{}, row);
  for (; row < end; ++row) body(RowCount<1>{}, row);
}

/// Rows that are evenly apart.
template <class E>
struct Walk {
  E* first;
  Index step;
  SIMDNORM_INLINE E* operator[](Index r) const { return first + r * step; }
};

/// The rows of a group for a sum, columns from x on: where they stand, or, if they are not evenly apart, copied
/// together, for the order of summation is that of groups.
template <class E>
struct Gathered {
  E copies[kGroup * kStripeColumns];

  Walk<const E> take(const E* x, const Lines& lines, Index row, Index rows, Index columns) {
    if (const Index step = lines.step(row, rows)) return {x + lines(row), step};
    for (Index r = 0; r < rows; ++r) std::copy_n(x + lines(row + r), columns, copies + r * columns);
    return {copies, columns};
  }
};

/// Columns of a row, and of the next where `end` lies beyond the last.
struct Window {
  Index begin, end;
};

/// How far into their rows the windows of a tile begin, for rows of `out` that follow each other and are all equally
/// far from the next whole pack: then no pack is cut, and no cache line is written by halves.
template <class E>
inline Index window_shift(const Columns& columns, const Tile& tile, const E* out) {
  const bool whole = tile.col_begin == 0 && tile.col_end == columns.columns && !columns.list;
  if (!whole || columns.columns % kLanes<Compute<E>> != 0) return 0;
  const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(out) % kMemoryBytes<E> / sizeof(E));
  return past == 0 ? 0 : kLanes<Compute<E>> - past;
}

/// body(RowCount, row, step, window) for element-wise work on a tile: groups of rows that are evenly apart. With a
/// shift the last row has no next one: what its windows leave of the tile is done apart.
template <class Body>
inline void for_windows(const Lines& lines, const Tile& tile, Index shift, Body body) {
  const Index end = shift > 0 ? tile.row_end - 1 : tile.row_end;
  const Window window = {tile.col_begin + shift, tile.col_end + shift};
  for (Index row = tile.row_begin; row < end;) {
    const Index step = row + kGroup <= end ? lines.step(row, kGroup) : 0;
    if (step > 0) {
      body(RowCount<kGroup>{}, row, step, window);
      row += kGroup;
    } else {
      body(RowCount<1>{}, row, Index{0}, window);
      row += 1;
    }
  }
  if (shift > 0) {
    body(RowCount<1>{}, tile.row_begin, Index{0}, Window{0, shift});
    body(RowCount<1>{}, end, Index{0}, Window{shift, tile.col_end});
  }
}

/// Row r of a group goes to one of two accumulators, so that two additions are in flight and fewer follow each other.
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
