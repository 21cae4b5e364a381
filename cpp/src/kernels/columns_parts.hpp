// How column kernels take sums: lines that remain of groups come one by one, and rows that fill no line are a shorter
// one at the end.
#pragma once

#include <algorithm>

#include "kernels/columns.hpp"
#include "kernels/moments.hpp"

namespace simdnorm {
namespace {

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

/// Line r of a group goes to one of two accumulators, so that two additions are in flight and fewer follow each other.
template <class T>
struct Pair {
  Pack<T> even = broadcast<T>(T(0)), odd = broadcast<T>(T(0));
  Pack<T>& operator[](int r) { return r % 2 == 0 ? even : odd; }
  Pack<T> total() const { return even + odd; }
};

}  // namespace
}  // namespace simdnorm
