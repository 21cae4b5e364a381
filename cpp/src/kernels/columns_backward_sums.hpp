// Columns, the sums of the backward pass, with a vector of columns carried along. g = dy * weight where weight runs
// along the rows.
#pragma once

#include "kernels/columns_parts.hpp"

namespace simdnorm {
namespace {

/// What stands for a weight where there is none.
struct Unweighted {
  struct Columns {
    SIMDNORM_INLINE Unweighted operator[](Index) const { return {}; }
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
      if (op_.weight) {
        take_part(row, lines, abreast, ByRow<T>{op_.weight + row});
      } else {
        take_part(row, lines, abreast, Unweighted{});
      }
      dy_.take_part(columns_ * abreast);
      dy_xhat_.take_part(columns_ * abreast);
      xhat_.take_part(columns_ * abreast);
    });
    dy_.fold(columns_, op_.abreast);
    dy_xhat_.fold(columns_, op_.abreast);
    xhat_.fold(columns_, op_.abreast);
    for (Index c = 0; c < columns_; ++c) sums.set(stripe_.col_begin + c, {dy_.at(c), dy_xhat_.at(c), xhat_.at(c)});
  }

 private:
  template <class Weights>
  void take_part(Index row, Index lines, Index abreast, Weights weights) {
    const Index col = stripe_.col_begin;
    PartLines<E> dys(op_.dy + col, at_, row, lines, abreast, columns_);
    PartLines<E> xs(op_.x + col, at_, row, lines, abreast, columns_);
    for_blocks<T>(columns_ * abreast, [&](auto packs, Index c, auto lanes) SIMDNORM_INLINE {
      const Index count = packs.value * count_of<T>(lanes);
      take_block<packs.value>(dys.block(c, count), xs.block(c, count), lines, weights.at(c, lanes), c, lanes);
    });
  }

  template <int N, class Weight, class Lanes>
  SIMDNORM_INLINE void take_block(Walk<E> dys, Walk<E> xs, Index lines, Weight weight, Index c, Lanes lanes) {
    constexpr Index w = kLanes<T>;
    Xhat<T> xhat_at[N];
    for (int k = 0; k < N; ++k) xhat_at[k] = xhat_of(op_.standardizers, entry_ + c + k * w, lanes);
    Pair<T> dy[N], dy_xhat[N], xhat[N];
    for_lines(lines, op_.ahead, [&](Index line, int parity, auto bring_nearer) SIMDNORM_INLINE {
      SIMDNORM_UNROLL
      for (int k = 0; k < N; ++k) {
        const E *dy_at = dys.first + line * dys.step + k * w, *x_at = xs.first + line * xs.step + k * w;
        bring_nearer(dy_at);
        bring_nearer(x_at);
        const Pack<T> g = weight[line] * load(dy_at, lanes);
        const Pack<T> xh = xhat_at[k](load(x_at, lanes));
        dy[k][parity] = dy[k][parity] + g;
        dy_xhat[k][parity] = fma(g, xh, dy_xhat[k][parity]);
        xhat[k][parity] = xhat[k][parity] + xh;
      }
    });
    for (int k = 0; k < N; ++k) {
      store(dy_.part + c + k * w, dy[k].total(), lanes);
      store(dy_xhat_.part + c + k * w, dy_xhat[k].total(), lanes);
      store(xhat_.part + c + k * w, xhat[k].total(), lanes);
    }
  }

  const ColumnsBackward<E>& op_;
  const Tile& stripe_;
  const Lines at_;
  const Index entry_, columns_;
  Totals<T> dy_, dy_xhat_, xhat_;
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
