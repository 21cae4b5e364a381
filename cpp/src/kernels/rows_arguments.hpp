// What a driver tells a kernel of Rows.
#pragma once

#include "kernels/arguments.hpp"

namespace simdnorm {

/// y = xhat * weight + bias; null is 1 and 0.
template <class T>
struct Affine {
  const T* weight;
  const T* bias;
};

/// Where the parameters of a Rows problem run.
enum class Along { length, items };

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
  bool stream;      // dx will not be read soon: write past the caches
};

}  // namespace simdnorm
