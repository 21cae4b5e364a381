// What a driver tells a kernel: plain data, shared by every instruction set.
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

/// What BatchNorm wants to know beyond the saved mean and rstd.
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

/// dx = scale * (dy - dy_mean - xhat * dy_xhat_mean)
template <class T>
struct Projection {
  T scale;
  T dy_mean;
  T dy_xhat_mean;
};

/// The sums that a backward pass takes over the reduced axes; dy stands for dy * weight where weight runs along them.
struct GradientSums {
  Sum dy;
  Sum dy_xhat;
  Sum xhat;
};

/// y = xhat * weight + bias; null is 1 and 0.
template <class T>
struct Affine {
  const T* weight;
  const T* bias;
};

/// Where the parameters of a Rows problem run.
enum class Along { length, items };

/// All that dx of an item needs, once its sums are taken.
template <class T>
struct Gradients {
  Standardizer<T> standardizer;
  Projection<T> projection;
};

/// Sums of dy * xhat and of dy over rows, one entry a column: in T within 64 rows, in double beyond.
template <class T>
struct PartialParameters {
  T* dweight;
  T* dbias;
};

struct BlockParameters {
  double* dweight;
  double* dbias;
};

constexpr Index kFlushRows = 64;

template <class T>
struct RowsForward {
  Rows rows;
  Chunks chunks;
  const T* x;
  T* y;
  Affine<T> affine;
  Along along;
  double eps;
  bool stream;  // y will not be read soon: write past the caches
  SavedStatistics<T> saved;
};

template <class T>
struct RowsBackward {
  Rows rows;
  Chunks chunks;
  const T* dy;
  const T* x;
  T* dx;            // optional
  const T* weight;  // along the length, optional
  bool frozen;      // mean and rstd are constants: dx = scale * dy
};

// Columns: structures of arrays, one entry a column, for kernels carry a vector of columns along.

template <class T>
struct ColumnStandardizers {
  const T* prescale;  // null: 1 everywhere, and then rstd_low is not read
  const T* mean;
  const T* rstd;
  const T* shift;
  const T* rstd_low;
};

template <class T>
struct ColumnProjections {
  const T* scale;
  const T* dy_mean;
  const T* dy_xhat_mean;
};

struct ColumnMoments {
  double *pivot, *offset, *offset_error, *m2, *m2_error;
};

struct ColumnSums {
  double *dy, *dy_error, *dy_xhat, *dy_xhat_error, *xhat, *xhat_error;
};

/// The part of a matrix that one call works on.
struct Tile {
  Index row_begin, row_end, col_begin, col_end;
};

constexpr Index kSpanRows = 128;       // rows that are summed in T
constexpr Index kStripeColumns = 256;  // columns whose sums stay in the first cache

template <class T>
struct ColumnsForward {
  Columns columns;
  const T* x;
  T* y;
  const T* weight;
  const T* bias;
  ColumnStandardizers<T> standardizers;
  bool stream;
};

template <class T>
struct ColumnsBackward {
  Columns columns;
  const T* dy;
  const T* x;
  T* dx;
  ColumnStandardizers<T> standardizers;
  ColumnProjections<T> projections;
  bool frozen;
};

}  // namespace simdnorm
