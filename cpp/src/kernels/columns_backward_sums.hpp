// Columns, the sums of the backward pass, with a vector of columns carried along. g = dy * weight where weight runs
// along the rows.
#pragma once

#include "kernels/columns_parts.hpp"

namespace simdnorm {
namespace {

/// What stands for a weight where there is none.
struct Unweighted {
  struct Columns {
    SIMDNORM_INLINE Unweighted operator[](int) const { return {}; }
  };
  SIMDNORM_INLINE Columns at(Index, auto) const { return {}; }
  template <class P>
  friend SIMDNORM_INLINE P operator*(Unweighted, P dy) {
    return dy;
  }
};

/// sum dy, sum dy xhat and sum xhat of one stripe of columns over the rows of a tile: in T over a part of it, in double
/// over the parts.
template <class E>
class StripeSums {
  using T = Compute<E>;

 public:
  StripeSums(const ColumnsBackward<E>& op, const Tile& stripe)
      : op_(op),
        stripe_(stripe),
        at_(op.columns, stripe.outer),
        entry_(op.entry(stripe.outer) + stripe.col_begin),
        columns_(stripe.col_end - stripe.col_begin) {}

  void take(const GradientSumEntries& sums) {
    const Index width = columns_ * op_.abreast;
    dy_.clear(width);
    dy_xhat_.clear(width);
    xhat_.clear(width);
    for_parts(stripe_, op_.abreast, [&](Index row, Index lines, Index abreast) {
      take_part(row, lines, abreast);
      dy_.take(part_dy_, columns_ * abreast);
      dy_xhat_.take(part_dy_xhat_, columns_ * abreast);
      xhat_.take(part_xhat_, columns_ * abreast);
    });
    dy_.fold(columns_, op_.abreast);
    dy_xhat_.fold(columns_, op_.abreast);
    xhat_.fold(columns_, op_.abreast);
    for (Index c = 0; c < columns_; ++c) sums.set(stripe_.col_begin + c, {dy_.at(c), dy_xhat_.at(c), xhat_.at(c)});
  }

 private:
  void take_part(Index row, Index lines, Index abreast) {
    const Index width = columns_ * abreast, col = stripe_.col_begin;
    for (Index c = 0; c < width; ++c) part_dy_[c] = part_dy_xhat_[c] = part_xhat_[c] = T(0);
    for_line_groups(lines, [&](auto count, Index line) {
      const Index from = row + line * abreast;
      const Walk<const E> dys = gathered_dy_.take(op_.dy + col, at_, from, count.value, abreast, columns_);
      const Walk<const E> xs = gathered_x_.take(op_.x + col, at_, from, count.value, abreast, columns_);
      if (op_.weight) {
        take_group<count.value>(dys.first, xs.first, xs.step, width, ByRow<T>{op_.weight + from});
      } else {
        take_group<count.value>(dys.first, xs.first, xs.step, width, Unweighted{});
      }
    });
  }

  template <int N, class Weights>
  SIMDNORM_INLINE void take_group(const E* dy, const E* x, Index step, Index width, Weights weights) {
    const ColumnStandardizers<T> s = op_.standardizers;
    const E *next_dy = beyond(dy, op_.ahead), *next_x = beyond(x, op_.ahead);
    const Index entry = entry_;
    map<T>(width, [&](Index c, auto lanes) SIMDNORM_INLINE {
      const Xhat<T> xhat_at = xhat_of(s, entry + c, lanes);
      const auto weight = weights.at(c, lanes);
      Pair<T> of_dy, of_dy_xhat, of_xhat;
      SIMDNORM_UNROLL
      for (int r = 0; r < N; ++r) {
        const Index i = r * step + c;
        bring_nearer(next_dy + i);
        bring_nearer(next_x + i);
        const Pack<T> g = weight[r] * load(dy + i, lanes);
        const Pack<T> xh = xhat_at(load(x + i, lanes));
        of_dy[r] = of_dy[r] + g;
        of_dy_xhat[r] = fma(g, xh, of_dy_xhat[r]);
        of_xhat[r] = of_xhat[r] + xh;
      }
      store(part_dy_ + c, load(part_dy_ + c, lanes) + of_dy.total(), lanes);
      store(part_dy_xhat_ + c, load(part_dy_xhat_ + c, lanes) + of_dy_xhat.total(), lanes);
      store(part_xhat_ + c, load(part_xhat_ + c, lanes) + of_xhat.total(), lanes);
    });
  }

  const ColumnsBackward<E>& op_;
  const Tile& stripe_;
  const Lines at_;
  const Index entry_, columns_;
  T part_dy_[kStripeColumns], part_dy_xhat_[kStripeColumns], part_xhat_[kStripeColumns];
  Totals<T> dy_, dy_xhat_, xhat_;
  Gathered<E> gathered_dy_, gathered_x_;
};

// What the drivers call.

/// Of the columns of one outer position.
template <class E>
void columns_backward_sums(const ColumnsBackward<E>& op, const Tile& tile, const GradientSumEntries& sums) {
  Tile stripe = tile;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    stripe.col_begin = col;
    stripe.col_end = smaller(col + kStripeColumns, tile.col_end);
    StripeSums<E>(op, stripe).take(sums);
  }
}

/// Where parameters run along the rows: the sums of dy * xhat and of dy over the columns of a tile, which are few
/// enough for T, one entry a row of the tile.
template <class E>
void columns_backward_lines(const ColumnsBackward<E>& op, const Tile& tile, const LineSums& sums) {
  using T = Compute<E>;
  const Lines lines(op.columns, tile.outer);
  const Index entry = op.entry(tile.outer);
  for (Index row = tile.row_begin; row < tile.row_end; ++row) {
    const E *dys = op.dy + lines(row) + tile.col_begin, *xs = op.x + lines(row) + tile.col_begin;
    Accumulators<T> dweight, dbias;
    clear<T>(dweight);
    clear<T>(dbias);
    sweep<T>(tile.col_end - tile.col_begin, [&](auto slot, Index k, auto lanes) SIMDNORM_INLINE {
      const Pack<T> dy = load(dys + k, lanes);
      const Xhat<T> xhat_at = xhat_of(op.standardizers, entry + tile.col_begin + k, lanes);
      dweight[slot] = fma(dy, xhat_at(load(xs + k, lanes)), dweight[slot]);
      dbias[slot] = dbias[slot] + dy;
    });
    sums.dweight[row - tile.row_begin] = total<T>(dweight);
    sums.dbias[row - tile.row_begin] = total<T>(dbias);
  }
}

}  // namespace
}  // namespace simdnorm
