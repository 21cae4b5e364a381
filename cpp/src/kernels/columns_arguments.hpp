// What a driver tells a kernel of Columns.
#pragma once

#include "kernels/arguments.hpp"

namespace simdnorm {

constexpr Index kPartRows = 32;        // of a span, summed by themselves first: fewer additions follow each other
constexpr Index kSpanRows = 128;       // rows that are summed in T
constexpr Index kStripeColumns = 256;  // columns whose sums stay in the first cache

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
  bool stream;
};

}  // namespace simdnorm
