// How column kernels walk a tile: eight rows at a time, and across them pack by pack, so that what belongs to a
// column is loaded once for eight rows. The rows that remain come four at a time, then one by one.
#pragma once

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
  if (row + kGroup / 2 <= end) {
    body(RowCount<kGroup / 2>{}, row);
    row += kGroup / 2;
  }
  for (; row < end; ++row) body(RowCount<1>{}, row);
}

/// Row r of a group goes to one of two accumulators, so that two additions are in flight and fewer follow each other.
template <class T>
struct Pair {
  Pack<T> even = broadcast<T>(T(0)), odd = broadcast<T>(T(0));
  Pack<T>& operator[](int r) { return r % 2 == 0 ? even : odd; }
  Pack<T> total() const { return even + odd; }
};

/// xhat of columns c and on.
template <class T, class Lanes>
SIMDNORM_INLINE inline Xhat<T> xhat_of(const ColumnStandardizers<T>& s, Index c, Lanes lanes) {
  return {load(s.mean + c, lanes), load(s.rstd + c, lanes), load(s.shift + c, lanes)};
}

}  // namespace
}  // namespace simdnorm
