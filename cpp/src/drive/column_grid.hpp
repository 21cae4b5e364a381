// How the drivers of Columns cut: blocks of rows by stripes of columns. Blocks decide the order of summation; stripes
// only who does the work.
#pragma once

#include "drive/common.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {
namespace {

struct Grid {
  Columns columns;
  Index rows;    // of a tile
  Index stripe;  // columns of a tile
  Index blocks, stripes;

  Index tiles() const { return blocks * stripes; }
  Tile tile(Index t) const {
    const Index row = t / stripes * rows, col = t % stripes * stripe;
    return {row, smaller(row + rows, columns.rows), col, smaller(col + stripe, columns.columns)};
  }
};

inline Grid grid_of(const Columns& columns, Index rows, Index stripe) {
  return {columns, rows, stripe, ceil_div(columns.rows, rows), ceil_div(columns.columns, stripe)};
}

inline Grid summation_grid(const Columns& columns) {
  return grid_of(columns, block_rows(columns.rows, kSpanRows), kStripeColumns);
}

/// For work without sums: whole rows in a tile where there are many, so that memory is walked straight on.
inline Grid elementwise_grid(const Columns& columns) {
  return grid_of(columns, 64, columns.rows >= 64 * kMostBlocks ? columns.columns : 4 * kStripeColumns);
}

/// One entry a column, as column kernels read them; filled from one struct a column.
template <class T>
struct ColumnArrays {
  T *prescale, *mean, *rstd, *shift, *rstd_low;

  ColumnArrays(Index columns, Scratch& scratch)
      : prescale(scratch.take<T>(5 * columns)),
        mean(prescale + columns),
        rstd(mean + columns),
        shift(rstd + columns),
        rstd_low(shift + columns) {}
  void set(Index c, const Standardizer<T>& s) const {
    prescale[c] = s.prescale;
    mean[c] = s.mean;
    rstd[c] = s.rstd;
    shift[c] = s.shift;
    rstd_low[c] = s.rstd_low;
  }
  /// Prescales are 1 but for rare columns; kernels are told only then.
  ColumnStandardizers<T> read(bool prescaled) const {
    return {prescaled ? prescale : nullptr, mean, rstd, shift, rstd_low};
  }
};

}  // namespace
}  // namespace simdnorm
