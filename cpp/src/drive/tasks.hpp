// What a norm asks of a driver, the same for both loop shapes. An item is a row of Rows or a column of Columns.
// Null pointers: not given, not wanted.
#pragma once

#include "kernels/rows_arguments.hpp"

namespace simdnorm {

template <class T>
struct ForwardTask {
  const T* x = nullptr;
  T* y = nullptr;  // null: statistics only
  const T* weight = nullptr;
  const T* bias = nullptr;
  Along along = Along::items;
  double eps = 0.0;
  SavedStatistics<T> saved = {};  // per item
};

/// Backward with parameters, if any, per item.
template <class T>
struct BackwardTask {
  const T* dy = nullptr;
  const T* x = nullptr;
  T* dx = nullptr;                          // null: sums only
  const T* weight = nullptr;                // per item
  const Standardizer<T>* saved = nullptr;   // per item
  bool rounded = false;                     // saved means are T's roundings of the data's own
  bool frozen = false;                      // statistics are constants
  GradientSums* sums = nullptr;             // per item; null only if frozen or given
  const Gradients<T>* gradients = nullptr;  // per item: known already, no sums are taken
};

/// Backward with parameters along the rows, whose gradients sum over the rows.
template <class T>
struct RowParametersTask {
  const T* dy = nullptr;
  const T* x = nullptr;
  T* dx = nullptr;
  const T* weight = nullptr;  // along the length
  const T* mean = nullptr;    // per row, T's rounding of the row's own
  const T* rstd = nullptr;    // per row
  T* dweight = nullptr;
  T* dbias = nullptr;
};

}  // namespace simdnorm
