// What a driver tells a kernel of Columns. E is the type of elements, T = Compute<E> that of everything else.
#pragma once

#include "kernels/item_entries.hpp"
#include "simd/pack.hpp"

namespace simdnorm {

constexpr Index kPartLines = 16;        // summed in T, by two accumulators; their sums are added in double
constexpr Index kStripeColumns = 1024;  // columns whose sums stay near: of floats a page, which is read on and on
constexpr Index kWidestAbreast = 512;   // columns of a line that is made of several rows
constexpr Index kNarrowAbreast = 128;   // columns that a line has at least, where it can

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

namespace {

/// How many rows are walked abreast, as one line: narrow ones fill whole packs only together.
template <class T>
inline Index rows_abreast(Index columns) {
  Index abreast = 1;
  while (abreast * columns % kLanes<T> != 0) abreast *= 2;
  if (columns == 0 || abreast * columns > kWidestAbreast) return 1;
  while (abreast * columns < kNarrowAbreast) abreast *= 2;
  return abreast;
}

/// Entries of an outer position: those of a line and then the first ones again, so that a window of a line's length may
/// begin anywhere in its first cache line, which holds two packs where elements have 16 bits.
template <class T>
constexpr Index entries_of(Index width) {
  return width + 2 * kLanes<T>;
}

}  // namespace

/// Sums over one row of a tile, for parameters along the rows.
struct LineSums {
  double *dweight, *dbias;
};

template <class E>
struct ColumnsForward {
  Columns columns;
  Index first;    // outer position of the slab
  Index abreast;  // rows of a line
  Index ahead;    // from what is read to what will be next, and may come nearer by then; 0: to nothing
  const E* x;
  E* y;
  const Compute<E>* weight;  // along the columns, or the rows
  const Compute<E>* bias;
  Along along;
  About about;
  ColumnStandardizers<Compute<E>> standardizers;
  bool stream;

  Index entry(Index outer) const { return (outer - first) * entries_of<Compute<E>>(abreast * columns.columns); }
};

template <class E>
struct ColumnsBackward {
  Columns columns;
  Index first;    // outer position of the slab
  Index abreast;  // rows of a line
  Index ahead;    // from what is read to what will be next, and may come nearer by then; 0: to nothing
  const E* dy;
  const E* x;
  E* dx;
  const Compute<E>* weight;  // along the rows, optional
  ColumnStandardizers<Compute<E>> standardizers;
  ColumnProjections<Compute<E>> projections;
  bool frozen;
  bool stream;

  Index entry(Index outer) const { return (outer - first) * entries_of<Compute<E>>(abreast * columns.columns); }
};

}  // namespace simdnorm
