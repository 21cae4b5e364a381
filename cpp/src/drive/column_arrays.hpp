// What column kernels read of each column, filled by the drivers.
#pragma once

#include "drive/column_grid.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

/// Entries of the outer positions of a slab, as column kernels read them: those of a line, and the first ones again
/// (see entries_of()).
template <class T>
struct Entries {
  Index columns, width, outers;

  Index all() const { return outers * entries_of<T>(width); }
  Index at(Index outer) const { return outer * entries_of<T>(width); }
  /// What stands in the places of columns [begin, end), again in all others that are theirs.
  void repeat(T* entries, Index outer, Index begin, Index end) const {
    T* own = entries + at(outer);
    const Index places = entries_of<T>(width);
    for (Index c = begin; c < smaller(end, places - columns); ++c) {
      for (Index place = c + columns; place < places; place += columns) own[place] = own[c];
    }
  }
};

/// How columns are standardized.
template <class T>
struct ColumnArrays {
  Entries<T> entries;
  T *prescale, *mean, *rstd, *shift, *rstd_low;

  ColumnArrays(const Cut& cut, Index outers, Scratch& scratch)
      : entries{cut.columns.columns, cut.width(), outers},
        prescale(scratch.take<T>(5 * entries.all())),
        mean(prescale + entries.all()),
        rstd(mean + entries.all()),
        shift(rstd + entries.all()),
        rstd_low(shift + entries.all()) {}
  void set(Index outer, Index c, const Standardizer<T>& s) const {
    const Index i = entries.at(outer) + c;
    prescale[i] = s.prescale;
    mean[i] = s.mean;
    rstd[i] = s.rstd;
    shift[i] = s.shift;
    rstd_low[i] = s.rstd_low;
  }
  /// As a backward pass finds them; null means are zero.
  void set_saved(Index outer, Index begin, Index end, const T* means, const T* rstds) const {
    const StandardizerEntries<T> to = at(outer);
    if (means) {
      std::copy(means + begin, means + end, to.mean + begin);
    } else {
      std::fill(to.mean + begin, to.mean + end, T(0));
    }
    std::copy(rstds + begin, rstds + end, to.rstd + begin);
    std::fill(to.shift + begin, to.shift + end, T(0));
    repeat(outer, begin, end);
  }
  /// What only rare columns have.
  void set_ordinary(Index outer, Index begin, Index end) const {
    std::fill(prescale + entries.at(outer) + begin, prescale + entries.at(outer) + end, T(1));
    std::fill(rstd_low + entries.at(outer) + begin, rstd_low + entries.at(outer) + end, T(0));
  }
  void repeat(Index outer, Index begin, Index end) const {
    for (T* array : {prescale, mean, rstd, shift, rstd_low}) entries.repeat(array, outer, begin, end);
  }
  StandardizerEntries<T> at(Index outer) const {
    const Index i = entries.at(outer);
    return {mean + i, rstd + i, shift + i};
  }
  /// Prescales are 1 but for rare columns; kernels are told only then.
  ColumnStandardizers<T> read(bool prescaled) const {
    return {prescaled ? prescale : nullptr, mean, rstd, shift, rstd_low};
  }
};

}  // namespace
}  // namespace simdnorm
