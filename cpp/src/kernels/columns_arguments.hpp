// What a driver tells a kernel of Columns. E is the type of elements, T = Compute<E> that of everything else.
#pragma once

#include "kernels/arguments.hpp"
#include "simd/pack.hpp"

namespace simdnorm {

constexpr Index kPartRows = 32;        // of a span, summed by themselves first: fewer additions follow each other
constexpr Index kSpanRows = 128;       // rows that are summed in T
constexpr Index kStripeColumns = 256;  // columns whose sums stay in the first cache

// Structures of arrays, one entry a column of a slab of outer positions, for kernels carry a vector of columns along.

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
  const T* weight;
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

namespace {

/// Where an outer position's entries begin. They are those of its columns and then the first ones again, so that a
/// window of as many elements as there are columns may begin anywhere in the first pack of a row.
template <class T>
inline Index entries_at(Index columns, Index outer) {
  return outer * (columns + kLanes<T>);
}

}  // namespace

/// Sums over one row of a tile, for parameters along the rows.
struct LineSums {
  double *dweight, *dbias;
};

template <class E>
struct ColumnsForward {
  Columns columns;
  Index first;  // outer position of the slab
  const E* x;
  E* y;
  const Compute<E>* weight;  // along the columns, or the rows
  const Compute<E>* bias;
  Along along;
  About about;
  ColumnStandardizers<Compute<E>> standardizers;
  bool stream;

  Index entry(Index outer) const { return entries_at<Compute<E>>(columns.columns, outer - first); }
};

template <class E>
struct ColumnsBackward {
  Columns columns;
  Index first;  // outer position of the slab
  const E* dy;
  const E* x;
  E* dx;
  const Compute<E>* weight;  // along the rows, optional
  ColumnStandardizers<Compute<E>> standardizers;
  ColumnProjections<Compute<E>> projections;
  bool frozen;
  bool stream;

  Index entry(Index outer) const { return entries_at<Compute<E>>(columns.columns, outer - first); }
};

}  // namespace simdnorm
