// The drivers that sum blocks of rows, compiled once more with blocks by the number of threads.
#pragma once

#include "drive/drive.hpp"

namespace simdnorm {

template <class E>
void drive_forward_by_threads(const Columns& columns, const ForwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_backward_by_threads(const Columns& columns, const KeptBackwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_backward_by_threads(const Rows& rows, const ReducedBackwardTask<E>& task, Scratch& scratch);

}  // namespace simdnorm
