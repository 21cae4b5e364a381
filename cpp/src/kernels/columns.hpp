// What column kernels share. A line is a row, or several narrow ones abreast; lines come eight at a time, and across
// them pack by pack, so that what belongs to a column is loaded once for eight lines.
#pragma once

#include "kernels/columns_arguments.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

constexpr int kGroup = 8;

template <int N>
struct LineCount {
  static constexpr int value = N;
};

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
