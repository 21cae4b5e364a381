// The drivers: cut a problem into blocks by its shape, lend scratch, share the blocks among the team, fold in order.
// They have never heard of LayerNorm or BatchNorm. All of them may throw std::bad_alloc, before anything is written.
#pragma once

#include "drive/tasks.hpp"
#include "runtime/scratch.hpp"

namespace simdnorm {

/// Statistics from x, and y from both.
template <class T>
void drive_forward(const Rows& rows, const ForwardTask<T>& task, Scratch& scratch);
template <class T>
void drive_forward(const Columns& columns, const ForwardTask<T>& task, Scratch& scratch);

/// y from statistics that are given, one an item.
template <class T>
void drive_apply(const Rows& rows, const ForwardTask<T>& task, const Standardizer<T>* given, Scratch& scratch);
template <class T>
void drive_apply(const Columns& columns, const ForwardTask<T>& task, const Standardizer<T>* given, Scratch& scratch);

template <class T>
void drive_backward(const Rows& rows, const BackwardTask<T>& task, Scratch& scratch);
template <class T>
void drive_backward(const Columns& columns, const BackwardTask<T>& task, Scratch& scratch);

template <class T>
void drive_backward(const Rows& rows, const RowParametersTask<T>& task, Scratch& scratch);

}  // namespace simdnorm
