// What drivers and kernels say to each other of an item: plain data, shared by every instruction set.
#pragma once

#include "problem.hpp"

namespace simdnorm {

/// A sum in double with its rounding errors beside it.
struct Sum {
  double value;
  double error;
};

/// Moments of some values: their mean is pivot + offset, m2 the sum of squared deviations from it.
struct Moments {
  double pivot;
  Sum offset;
  Sum m2;
};

/// Statistics of an item in full precision, for those who merge them or carry them on.
struct Statistics {
  double mean;
  double m2;
};

/// Where the statistics of items go; each may be null.
template <class T>
struct SavedStatistics {
  T* mean;
  T* rstd;
  Statistics* statistics;
};

/// xhat = (x - mean) * rstd + shift; shift holds what one T cannot of the mean, times -rstd.
///
/// Where squares of x would overflow or vanish, x * prescale stands for x (a power of two near 1 / |x|; else 1), and
/// rstd_low for the digits of rstd that one T cannot hold: such values are often equal in size, and xhat then is
/// exactly 1.
template <class T>
struct Standardizer {
  T prescale;
  T mean;
  T rstd;
  T shift;
  T rstd_low;
};

/// dx = scale * (weight * dy - dy_mean - xhat * dy_xhat_mean). Where an item has its statistics for itself, its weight
/// is part of the scale and 1 here.
template <class T>
struct Projection {
  T weight;
  T scale;
  T dy_mean;
  T dy_xhat_mean;
};

/// What a backward pass knows of its items beside their sums.
struct Backward {
  About about;
  bool rounded;  // saved means are T's roundings of the data's own
  bool frozen;   // statistics are constants: dx = scale * dy
};

/// The sums that a backward pass takes over the reduced axes; dy stands for dy * weight where weight runs along them.
struct GradientSums {
  Sum dy;
  Sum dy_xhat;
  Sum xhat;
};

/// All that dx of an item needs, once its sums are taken.
template <class T>
struct Gradients {
  Standardizer<T> standardizer;
  Projection<T> projection;
};

/// The part of a matrix that one call works on: of one outer position, where there are several.
struct Tile {
  Index row_begin, row_end, col_begin, col_end;
  Index outer = 0;
};

}  // namespace simdnorm
