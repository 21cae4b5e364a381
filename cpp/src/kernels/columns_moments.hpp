// Columns, moments: the formulas of rows_moments.hpp with a vector of columns carried along. The pivot is the mean of
// a few rows spread over the tile: near enough for nearly all columns, and moved for the others. About zero it is
// zero, and stays.
#pragma once

#include <cfloat>

#include "kernels/columns_parts.hpp"

namespace simdnorm {
namespace {

constexpr Index kPivotRows = 16;

template <class T>
constexpr double kLargest = sizeof(T) == 4 ? double{FLT_MAX} : DBL_MAX;

/// sum (x - pivot) and sum (x - pivot)^2 of one stripe of columns over the rows of a tile: in T over a part of it, in
/// double over the parts.
template <class E>
class StripeMoments {
  using T = Compute<E>;

 public:
  StripeMoments(const ColumnsForward<E>& op, const Tile& stripe)
      : op_(op),
        stripe_(stripe),
        at_(op.columns, stripe.outer),
        x_(op.x + stripe.col_begin),
        columns_(stripe.col_end - stripe.col_begin),
        rows_(stripe.row_end - stripe.row_begin) {}

  void take(const MomentEntries& moments) {
    if (op_.about == About::zero) {
      for (Index c = 0; c < columns_; ++c) pivot_[c] = T(0);
      take_sums();
      sum_.clear(columns_);
    } else {
      take_pivots();
      take_sums();
      if (move_pivots()) take_sums();
    }
    SIMDNORM_SIDE_BY_SIDE
    for (Index c = 0; c < columns_; ++c) {
      moments.set(stripe_.col_begin + c,
                  moments_about(static_cast<double>(pivot_[c]), sum_.at(c), squares_.at(c), rows_));
    }
  }

 private:
  void take_pivots() {
    const Index count = smaller(rows_, kPivotRows);
    const E* spread[kPivotRows];
    for (Index r = 0; r < count; ++r) spread[r] = x_ + at_(stripe_.row_begin + r * rows_ / count);
    const Pack<T> share = broadcast<T>(T(1) / static_cast<T>(count));
    map<T>(columns_, [&](Index c, auto lanes) SIMDNORM_INLINE {
      Pack<T> total = load(spread[0] + c, lanes);
      for (Index r = 1; r < count; ++r) total = total + load(spread[r] + c, lanes);
      store(pivot_ + c, total * share, lanes);
    });
  }

  void take_sums() {
    const Index width = columns_ * op_.abreast;
    for (Index c = columns_; c < width; ++c) pivot_[c] = pivot_[c - columns_];
    sum_.clear(width);
    squares_.clear(width);
    for_parts(stripe_, op_.abreast, [&](Index row, Index lines, Index abreast) {
      PartLines<E> part(x_, at_, row, lines, abreast, columns_);
      for_blocks<T>(columns_ * abreast, [&](auto packs, Index c, auto lanes) SIMDNORM_INLINE {
        take_block<packs.value>(part.block(c, packs.value * count_of<T>(lanes)), lines, c, lanes);
      });
      sum_.take_part(columns_ * abreast);
      squares_.take_part(columns_ * abreast);
    });
    sum_.fold(columns_, op_.abreast);
    squares_.fold(columns_, op_.abreast);
  }

  template <int N, class Lanes>
  SIMDNORM_INLINE void take_block(Walk<E> xs, Index lines, Index c, Lanes lanes) {
    constexpr Index w = kLanes<T>;
    Pack<T> pivots[N];
    for (int k = 0; k < N; ++k) pivots[k] = load(pivot_ + c + k * w, lanes);
    Pair<T> sum[N], squares[N];
    for_lines(lines, op_.ahead, [&](Index line, int parity, auto bring_nearer) SIMDNORM_INLINE {
      SIMDNORM_UNROLL
      for (int k = 0; k < N; ++k) {
        const E* x = xs.first + line * xs.step + k * w;
        bring_nearer(x);
        const Pack<T> d = load(x, lanes) - pivots[k];
        sum[k][parity] = sum[k][parity] + d;
        squares[k][parity] = fma(d, d, squares[k][parity]);
      }
    });
    for (int k = 0; k < N; ++k) {
      store(sum_.part + c + k * w, sum[k].total(), lanes);
      store(squares_.part + c + k * w, squares[k].total(), lanes);
    }
  }

  /// Where the mean lies more than a standard deviation from the pivot, the sum is large and its rounding would show:
  /// the mean becomes the pivot. The sums of all other columns come out again as they were.
  bool move_pivots() {
    const double n = static_cast<double>(rows_);
    const auto is_far = [&](Index c) SIMDNORM_INLINE {
      const double sum = value(sum_.at(c)), twice = 2.0 * sum * sum;
      return twice > n * value(squares_.at(c)) && twice <= kLargest<T>;  // overflow is not for us to mend
    };
    Index far = 0;
    for (Index c = 0; c < columns_; ++c) far += is_far(c) ? 1 : 0;
    for (Index c = 0; far > 0 && c < columns_; ++c) {
      if (is_far(c)) pivot_[c] += static_cast<T>(value(sum_.at(c)) / n);
    }
    return far > 0;
  }

  const ColumnsForward<E>& op_;
  const Tile& stripe_;
  const Lines at_;
  const E* x_;
  const Index columns_, rows_;
  T pivot_[kStripeColumns];
  Totals<T> sum_, squares_;
};

// What the drivers call.

/// Of one outer position, in the rows that it owns.
template <class E>
void columns_moments(const ColumnsForward<E>& op, const Tile& tile, const MomentEntries& moments) {
  Tile stripe = tile;
  for (Index col = tile.col_begin; col < tile.col_end; col += kStripeColumns) {
    stripe.col_begin = col;
    stripe.col_end = smaller(col + kStripeColumns, tile.col_end);
    StripeMoments<E>(op, stripe).take(moments);
  }
}

}  // namespace
}  // namespace simdnorm
