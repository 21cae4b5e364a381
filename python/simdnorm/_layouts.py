"""Memory orders: which arrays the kernels read where they stand, and which go through a copy.

The kernels take aligned, C-contiguous memory: LayerNorm (rows, length), BatchNorm (outer, channels, inner). An array is
handed over as it is when a transposition brings it to such a form *without changing the order in which it is summed*,
except for the one difference that API.md grants, channels first or last. Everything else (strided, reversed, broadcast,
Fortran, unaligned) goes through one contiguous copy in its logical order, and so gives the bits of that copy.

    norm         x as it is, in memory order                                  otherwise
    LayerNorm    kept axes, then reduced axes, each in logical order          one copy in that order
    BatchNorm    logical order; channels last; channels second                one copy in logical order

`order` below is that permutation of the axes, or None for the logical one. Every other full-sized array of the call
follows the order of x: dy is copied when it lies otherwise, and an output that lies otherwise is computed beside and
copied into place. Fresh outputs lie as `np.empty_like(x)` does.
"""

import os
from math import prod
from typing import TypeAlias

import numpy as np

from ._dtypes import Array

Shape: TypeAlias = tuple[int, ...]
Order: TypeAlias = tuple[int, ...] | None
Rows: TypeAlias = tuple[Order, int, int, Shape, Shape]  # order, rows, length, shape of parameters, of statistics
Channels: TypeAlias = tuple[Order, int, int, int]  # order, outer, channels, inner

copies_made = 0
"""Full-sized copies since import, of inputs and of outputs, for the tests that count them."""


def rows_of(x: Array, axes: tuple[int, ...]) -> Rows:
    """See x as LayerNorm over `axes` (ascending) does."""
    shape, first = x.shape, axes[0]
    if first + len(axes) == len(shape):
        kept, reduced = shape[:first], shape[first:]
        return None, prod(kept), prod(reduced), reduced, kept + (1,) * len(reduced)
    kept_axes = tuple(a for a in range(len(shape)) if a not in axes)
    reduced = tuple(shape[a] for a in axes)
    kept_shape = tuple(1 if a in axes else n for a, n in enumerate(shape))
    return kept_axes + axes, prod(kept_shape), prod(reduced), reduced, kept_shape


def channels_of(x: Array, channel_axis: int) -> Channels:
    """See x as BatchNorm over `channel_axis` (not negative) does."""
    shape = x.shape
    order = None if x.flags.c_contiguous else _channel_order(x, channel_axis)
    if order is not None:
        shape = tuple(shape[a] for a in order)
        channel_axis = order.index(channel_axis)
    return order, prod(shape[:channel_axis]), shape[channel_axis], prod(shape[channel_axis + 1 :])


def _channel_order(x: Array, channel_axis: int) -> Order:
    others = tuple(a for a in range(x.ndim) if a != channel_axis)
    for order in ((*others, channel_axis), (others[0], channel_axis, *others[1:])):
        if x.transpose(order).flags.c_contiguous:
            return order
    return None


def gathered(x: Array, order: Order) -> Array:
    """Bring an input to the memory order of the kernels: a view where it lies so already, else a copy."""
    view = x if order is None else x.transpose(order)
    flags = view.flags
    if flags.c_contiguous and flags.aligned:
        return view
    _count_copy()
    return dense(view)


def target(y: Array, order: Order) -> Array:
    """Give the kernels room for the output `y`: in place where it lies so already, else beside it, for `settle`."""
    view = y if order is None else y.transpose(order)
    flags = view.flags
    if flags.c_contiguous and flags.aligned:
        return view
    return np.empty(view.shape, view.dtype)


def settle(y: Array, written: Array, order: Order) -> None:
    """Bring what was computed beside `y` into it."""
    if written is y:
        return
    view = y if order is None else y.transpose(order)
    if not (view.flags.c_contiguous and view.flags.aligned):
        _count_copy()
        view[...] = written


def dense(view: Array) -> Array:
    """Return `view` if it is aligned and C-contiguous, else a copy that is."""
    flags = view.flags
    if flags.c_contiguous and flags.aligned:
        return view
    # A broadcast array can be larger than any memory; where the system overcommits, copying it would never end.
    if view.nbytes > _memory_size():
        raise MemoryError(f"an array of shape {view.shape} and dtype {view.dtype} must be copied: {view.nbytes} bytes")
    return view.copy(order="C")


def _count_copy() -> None:
    global copies_made
    copies_made += 1


def _memory_size() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system: copy and see
        return 2**63
