// All that one instruction set exports: the kernels of each data type, as pointers.
#pragma once

#include "kernels/columns_arguments.hpp"
#include "kernels/rows_arguments.hpp"

namespace simdnorm {

template <class T>
struct Kernels {
  void (*rows_forward)(const RowsForward<T>&, Index begin, Index end);
  void (*rows_moments)(const RowsForward<T>&, Index begin, Index end, Moments*);
  Standardizer<T> (*rows_finish)(const RowsForward<T>&, Index item, const Moments*);
  void (*rows_apply)(const RowsForward<T>&, Index begin, Index end, const Standardizer<T>*);

  void (*rows_backward_sums)(const RowsBackward<T>&, Index begin, Index end, const Standardizer<T>*, GradientSums*);
  void (*rows_backward_apply)(const RowsBackward<T>&, Index begin, Index end, const Gradients<T>*);
  void (*rows_backward_block)(const RowsBackward<T>&, Index begin, Index end, const T* mean, const T* rstd,
                              const PartialParameters<T>&, const BlockParameters&);
  void (*rows_backward_columns)(const RowsBackward<T>&, const Tile&, const Gradients<T>*, const PartialParameters<T>&,
                                const BlockParameters&);

  void (*columns_moments)(const ColumnsForward<T>&, const Tile&, const ColumnMoments&);
  void (*columns_apply)(const ColumnsForward<T>&, const Tile&);
  void (*columns_backward_sums)(const ColumnsBackward<T>&, const Tile&, const ColumnSums&);
  void (*columns_backward_apply)(const ColumnsBackward<T>&, const Tile&);
};

struct KernelTable {
  Kernels<float> of_float;
  Kernels<double> of_double;
};

// One of each per file in targets/; which ones are linked, the build decides.
extern const KernelTable kPortableKernels;
extern const KernelTable kAvx2Kernels;
extern const KernelTable kAvx512Kernels;
extern const KernelTable kNeonKernels;

}  // namespace simdnorm
