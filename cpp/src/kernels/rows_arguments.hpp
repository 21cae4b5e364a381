// What a driver tells a kernel of Rows. E is the type of elements, T = Compute<E> that of everything else.
#pragma once

#include "kernels/arguments.hpp"

namespace simdnorm {

/// y = xhat * weight + bias; null is 1 and 0.
template <class T>
struct Affine {
  const T* weight;
  const T* bias;
};

/// summed = x + residual comes before all else, and is what the operation then calls x. Null: nothing to add.
template <class E>
struct Residual {
  const E* x;
  const E* residual;
  E* summed;
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

/// What is written at once: `count` strips of `length` elements, `stride` apart, each in the order of memory.
struct Strips {
  Index begin;
  Index length;
  Index ahead;  // from an element to what is read next beyond the second cache
  Index count = 1;
  Index stride = 0;
};

template <class E>
struct RowsForward {
  Rows rows;
  Chunks chunks;
  Index group;  // neighbouring items that share statistics
  const E* x;
  Residual<E> residual;
  E* y;
  Affine<Compute<E>> affine;
  Along along;
  About about;
  double eps;
  bool stream;  // y will not be read soon: write past the caches
  bool far;     // x comes from beyond the second cache
  SavedStatistics<Compute<E>> saved;
};

template <class E>
struct RowsBackward {
  Rows rows;
  Chunks chunks;
  Index group;  // neighbouring items that share statistics
  const E* dy;
  const E* x;
  const E* dsummed;          // to be added to dx, optional
  E* dx;                     // optional
  const Compute<E>* weight;  // along what is reduced, optional
  About about;
  bool frozen;  // mean and rstd are constants: dx = scale * dy
  bool stream;  // dx will not be read soon: write past the caches
  bool far;     // dy and x come from beyond the second cache
};

}  // namespace simdnorm
