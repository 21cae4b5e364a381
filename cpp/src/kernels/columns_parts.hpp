// How column kernels take sums: part by part, which is as many lines as may be summed in T; within a part a block of
// packs at a time, whose sums stay in registers from the first line to the last.
#pragma once

#include <algorithm>

#include "kernels/columns.hpp"
#include "kernels/moments.hpp"

namespace simdnorm {
namespace {

constexpr int kBlockPacks = 2;

template <int N>
struct PackCount {
  static constexpr int value = N;
};

template <class T>
SIMDNORM_INLINE inline Index count_of(All) {
  return kLanes<T>;
}
template <class T>
SIMDNORM_INLINE inline Index count_of(First lanes) {
  return lanes.count;
}

/// body(PackCount, c, lanes) for blocks of packs, the last of which may be cut.
template <class T, class Body>
SIMDNORM_INLINE inline void for_blocks(Index width, Body body) {
  constexpr Index w = kLanes<T>;
  Index c = 0;
  for (; c + kBlockPacks * w <= width; c += kBlockPacks * w) body(PackCount<kBlockPacks>{}, c, All{});
  for (; c + w <= width; c += w) body(PackCount<1>{}, c, All{});
  if (c < width) body(PackCount<1>{}, c, First{width - c});
}

/// part(row, lines, abreast): the rows of a tile in order. Rows that fill no line are a shorter one at the end.
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
  const E* first;
  Index step;
};

/// The lines of a part, block by block: where they stand, or, if they are not evenly apart, copied together.
template <class E>
class PartLines {
 public:
  /// `abreast` rows to a line, from `row` on, columns from x on.
  PartLines(const E* x, const Lines& at, Index row, Index lines, Index abreast, Index columns)
      : x_(x), at_(at), row_(row), lines_(lines), abreast_(abreast), columns_(columns) {
    const Index step = at.step(row, lines * abreast);
    even_ = step == at.stride || (step > 0 && abreast == 1);
    walk_ = {x + at(row), step * abreast};
  }

  /// From column c of a line on, `count` columns.
  Walk<E> block(Index c, Index count) {
    if (even_) return {walk_.first + c, walk_.step};
    for (Index line = 0; line < lines_; ++line) copy(line, c, c + count, copies_ + line * kColumns);
    return {copies_, kColumns};
  }

 private:
  static constexpr Index kColumns = kBlockPacks * kLanes<Compute<E>>;

  void copy(Index line, Index c, Index end, E* to) const {
    while (c < end) {
      const Index within = c % columns_, n = smaller(columns_ - within, end - c);
      to = std::copy_n(x_ + at_(row_ + line * abreast_ + c / columns_) + within, n, to);
      c += n;
    }
  }

  const E* x_;
  const Lines& at_;
  Index row_, lines_, abreast_, columns_;
  bool even_;
  Walk<E> walk_;
  E copies_[kPartLines * kColumns];
};

/// body(line, parity, bring_nearer) for the lines of a part, parity 0 or 1 in turn: each goes to one of two
/// accumulators, so that two additions are in flight and fewer follow each other.
template <class Body>
SIMDNORM_INLINE inline void for_lines(Index lines, Index ahead, Body body) {
  with_ahead(ahead, [&](auto bring_nearer) SIMDNORM_INLINE {
    Index line = 0;
    for (; line + 2 <= lines; line += 2) {
      body(line, 0, bring_nearer);
      body(line + 1, 1, bring_nearer);
    }
    if (line < lines) body(line, 0, bring_nearer);
  });
}

/// The sum of a pack over the lines of a part.
template <class T>
struct Pair {
  Pack<T> of_parity[2] = {broadcast<T>(T(0)), broadcast<T>(T(0))};
  SIMDNORM_INLINE Pack<T>& operator[](int parity) { return of_parity[parity]; }
  SIMDNORM_INLINE Pack<T> total() const { return of_parity[0] + of_parity[1]; }
};

/// Sums of columns: over a part in T, over the parts in double. Those of floats need nothing more, those of doubles
/// leave errors behind.
template <class T>
struct Totals {
  T part[kStripeColumns];
  double values[kStripeColumns], errors[kStripeColumns];

  void clear(Index n) {
    for (Index c = 0; c < n; ++c) values[c] = errors[c] = 0.0;
  }
  /// The first n columns of the part.
  void take_part(Index n) {
    for (Index c = 0; c < n; ++c) {
      if constexpr (sizeof(T) < sizeof(double)) {
        values[c] += static_cast<double>(part[c]);
      } else {
        Sum sum = at(c);
        add(sum, part[c]);
        set(c, sum);
      }
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

}  // namespace
}  // namespace simdnorm
