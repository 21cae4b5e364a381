// What column kernels share. A line is a row, or several narrow ones abreast.
#pragma once

#include "kernels/columns_arguments.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

/// bring_nearer(p): asks for the cache line of p[ahead], which need not exist, to come into the second cache: the first
/// would be too small for all that is under way.
struct Ahead {
  Index ahead;
  template <class E>
  SIMDNORM_INLINE void operator()(const E* p) const {
    const auto address = reinterpret_cast<std::uintptr_t>(p) + static_cast<std::uintptr_t>(ahead) * sizeof(E);
    __builtin_prefetch(reinterpret_cast<const void*>(address), 0, 2);
  }
};

struct NothingAhead {
  SIMDNORM_INLINE void operator()(const auto*) const {}
};

/// work(bring_nearer)
template <class Work>
SIMDNORM_INLINE inline void with_ahead(Index ahead, Work work) {
  if (ahead != 0) {
    work(Ahead{ahead});
  } else {
    work(NothingAhead{});
  }
}

/// A parameter along the rows of a group, seen from columns c and on.
template <class T>
struct ByRow {
  const T* parameter;  // from the first row of the group on
  struct Columns {
    const T* parameter;
    SIMDNORM_INLINE Pack<T> operator[](Index r) const { return broadcast<T>(parameter[r]); }
  };
  SIMDNORM_INLINE Columns at(Index, auto) const { return {parameter}; }
};

/// A parameter along the columns.
template <class T>
struct ByColumn {
  const T* parameter;
  struct Columns {
    Pack<T> value;
    SIMDNORM_INLINE Pack<T> operator[](Index) const { return value; }
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
