// All that one instruction set exports: the kernels of each data type, as pointers.
#pragma once

#include "kernels/columns_arguments.hpp"
#include "kernels/rows_arguments.hpp"

namespace simdnorm {

template <class E>
struct Kernels {
  using T = Compute<E>;

  void (*widen)(const E*, Index n, T*);
  void (*narrow)(const T*, Index n, E*);

  void (*plain_rows_forward)(const RowsForward<E>&, Index begin, Index end);
  void (*rows_moments)(const RowsForward<E>&, Index begin, Index end, Moments*);
  void (*rows_finish)(const RowsForward<E>&, Index begin, Index end, const Moments*, Standardizer<T>*);
  void (*rows_apply)(const RowsForward<E>&, const Strips&, const Standardizer<T>*);
  void (*rows_apply_runs)(const RowsForward<E>&, Index begin, Index end, const Standardizer<T>*);

  void (*rows_backward_sums)(const RowsBackward<E>&, Index begin, Index end, const Standardizer<T>*, GradientSums*);
  void (*rows_backward_apply)(const RowsBackward<E>&, const Strips&, const Gradients<T>*);
  void (*rows_backward_apply_runs)(const RowsBackward<E>&, Index begin, Index end, const Gradients<T>*);
  void (*rows_backward_block)(const RowsBackward<E>&, Index begin, Index end, const T* mean, const T* rstd,
                              const PartialParameters<T>&, const BlockParameters&);
  void (*rows_backward_columns)(const RowsBackward<E>&, const Tile&, const Gradients<T>*, const PartialParameters<T>&,
                                const BlockParameters&);
  void (*fold_blocks)(const double* sums, Index blocks, Index length, Index begin, Index end, T* gradient);

  void (*columns_moments)(const ColumnsForward<E>&, const Tile&, const MomentEntries&);
  void (*join_moments)(const MomentEntries&, const MomentEntries&, Index begin, Index end, Index, Index);
  Index (*standardize)(const MomentEntries&, Index begin, Index end, Index count, double eps,
                       const StandardizerEntries<T>&);
  void (*columns_apply)(const ColumnsForward<E>&, const Tile&);
  void (*columns_backward_sums)(const ColumnsBackward<E>&, const Tile&, const GradientSumEntries&);
  void (*join_sums)(const GradientSumEntries&, const GradientSumEntries&, Index begin, Index end);
  void (*project)(const GradientSumEntries&, Index begin, Index end, Index count, const Backward&, const T* weight,
                  const StandardizerEntries<T>&, const ProjectionEntries<T>&);
  void (*columns_backward_apply)(const ColumnsBackward<E>&, const Tile&);
  void (*columns_backward_lines)(const ColumnsBackward<E>&, const Tile&, const LineSums&);
};

struct KernelTable {
  Kernels<float> of_float;
  Kernels<double> of_double;
  Kernels<float16> of_float16;
  Kernels<bfloat16> of_bfloat16;
};

// One of each per file in targets/; which ones are linked, the build decides.
extern const KernelTable kPortableKernels;
extern const KernelTable kAvx2Kernels;
extern const KernelTable kAvx512Kernels;
extern const KernelTable kNeonKernels;

}  // namespace simdnorm
