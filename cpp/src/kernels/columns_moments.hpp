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
      Pair<T> total;
      for (Index r = 0; r < count; ++r) {
        Pack<T>& part = total[static_cast<int>(r)];
        part = part + load(spread[r] + c, lanes);
      }
      store(pivot_ + c, total.total() * share, lanes);
    });
  }

  void take_sums() {
    const Index width = columns_ * op_.abreast;
    for (Index c = columns_; c < width; ++c) pivot_[c] = pivot_[c - columns_];
    sum_.clear(width);
    squares_.clear(width);
    for_parts(stripe_, op_.abreast, [&](Index row, Index lines, Index abreast) {
      take_part(row, lines, abreast);
      sum_.take(part_sum_, columns_ * abreast);
      squares_.take(part_squares_, columns_ * abreast);
    });
    sum_.fold(columns_, op_.abreast);
    squares_.fold(columns_, op_.abreast);
  }

  void take_part(Index row, Index lines, Index abreast) {
    const Index width = columns_ * abreast, ahead = op_.ahead;
    for (Index c = 0; c < width; ++c) part_sum_[c] = part_squares_[c] = T(0);
    for_line_groups(lines, [&](auto count, Index line) {
      const Walk<const E> xs = gathered_.take(x_, at_, row + line * abreast, count.value, abreast, columns_);
      const E* next = beyond(xs.first, ahead);
      map<T>(width, [&](Index c, auto lanes) SIMDNORM_INLINE {
        const Pack<T> pivots = load(pivot_ + c, lanes);
        Pair<T> s, q;
        SIMDNORM_UNROLL
        for (int r = 0; r < count.value; ++r) {
          const Index i = r * xs.step + c;
          bring_nearer(next + i);
          const Pack<T> d = load(xs.first + i, lanes) - pivots;
          s[r] = s[r] + d;
          q[r] = fma(d, d, q[r]);
        }
        store(part_sum_ + c, load(part_sum_ + c, lanes) + s.total(), lanes);
        store(part_squares_ + c, load(part_squares_ + c, lanes) + q.total(), lanes);
      });
    });
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
  T pivot_[kStripeColumns], part_sum_[kStripeColumns], part_squares_[kStripeColumns];
  Totals<T> sum_, squares_;
  Gathered<E> gathered_;
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
