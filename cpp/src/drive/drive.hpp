// The drivers: cut a problem into blocks by its shape, lend scratch, share the blocks among the team, fold in order.
// They have never heard of LayerNorm or BatchNorm. All of them may throw std::bad_alloc, before anything is written.
#pragma once

#include "drive/tasks.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {

/// Statistics from x, and y from both.
template <class E>
void drive_forward(const Rows& rows, const ForwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_forward(const Columns& columns, const ForwardTask<E>& task, Scratch& scratch);

/// y from statistics that are given, one a group.
template <class E>
void drive_apply(const Rows& rows, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given, Scratch& scratch);
template <class E>
void drive_apply(const Columns& columns, const ForwardTask<E>& task, const Standardizer<Compute<E>>* given,
                 Scratch& scratch);

template <class E>
void drive_backward(const Rows& rows, const KeptBackwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_backward(const Columns& columns, const KeptBackwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_backward(const Rows& rows, const ReducedBackwardTask<E>& task, Scratch& scratch);
template <class E>
void drive_backward(const Columns& columns, const ReducedBackwardTask<E>& task, Scratch& scratch);

}  // namespace simdnorm
