"""Memory orders: which arrays the kernels read where they stand, and which go through a copy.

The kernels take aligned, C-contiguous memory, seen as a row norm or a channel norm sees it (`_rows`, `_channels`). An
array is handed over as it is where some transposition brings it to such a form; which ones are tried is said there.
Everything else (strided, reversed, broadcast, Fortran, unaligned) goes through one contiguous copy in its logical
order, and so gives the bits of that copy.

`order` is that permutation of the axes, or None for the logical one. Every other full-sized array of the call follows
the order of x: dy is copied when it lies otherwise, and an `out` that lies otherwise is computed beside and copied into
place. A fresh output lies as x does where x is read in place, else in logical order.
"""

import os
from typing import Any, TypeAlias

import numpy as np

from . import _backend
from ._dtypes import Array, bits

Shape: TypeAlias = tuple[int, ...]
Order: TypeAlias = tuple[int, ...] | None

copies_made = 0
"""Full-sized copies since import, of inputs and of outputs, for the tests that count them."""


def ordered(a: Array, order: Order) -> Array:
    """See `a` in `order`."""
    return a if order is None else a.transpose(order)


def lies_in(a: Array, order: Order) -> bool:
    """Whether the kernels can take `a` in `order` where it stands."""
    flags = ordered(a, order).flags
    return flags.c_contiguous and flags.aligned


def gathered(a: Array, order: Order) -> Array:
    """Bring a full-sized input to the kernels: a view where it lies in `order` already, else a copy."""
    view = a if order is None else a.transpose(order)
    flags = view.flags
    if not (flags.c_contiguous and flags.aligned):
        _count_copy()
        view = dense(view)
    return bits(view)


def small(a: Array, order: Order = None) -> Array:
    """Bring a parameter or a statistic to the kernels."""
    view = a if order is None else a.transpose(order)
    flags = view.flags
    return bits(view if flags.c_contiguous and flags.aligned else dense(view))


def fresh(shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Make an array of values yet unknown; a large one is made of memory that the backend has kept."""
    made: Array = _backend.kernels.empty(shape, dtype)
    return made


def room(shape: Shape, dtype: np.dtype[Any], order: Order) -> tuple[Array, Array]:
    """Make a result of a (logical) shape whose memory lies in `order`: as the caller sees it, and as the kernels do."""
    if order is None:
        made = fresh(shape, dtype)
        return made, bits(made)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    made = fresh(tuple(shape[a] for a in order), dtype)
    return made.transpose(inverse), bits(made)


class Output:
    """A result of full size: as it is `returned` to the caller, and as it is `written` by the kernels."""

    __slots__ = ("_rest", "_returned", "written")

    def __init__(self, returned: Array, written: Array, rest: tuple[Array, Array] | None = None) -> None:
        self._returned, self.written, self._rest = returned, written, rest

    def settled(self) -> Array:
        """Bring what was computed beside the caller's array into it."""
        if self._rest is not None:
            _count_copy()
            view, beside = self._rest
            view[...] = beside
        return self._returned


def target(returned: Array, plain: Array, order: Order) -> Output:
    """Let the kernels write to the caller's array, `plain`, or beside it where it lies otherwise than in `order`."""
    view = ordered(plain, order)
    if lies_in(plain, order):
        return Output(returned, bits(view))
    beside = fresh(view.shape, view.dtype)
    return Output(returned, bits(beside), (view, beside))


def dense(view: Array) -> Array:
    """Return `view` if it is aligned and C-contiguous, else a copy that is."""
    flags = view.flags
    if flags.c_contiguous and flags.aligned:
        return view
    # A broadcast array can be larger than any memory; where the system overcommits, copying it would never end.
    if view.nbytes > _memory_size():
        raise MemoryError(f"an array of shape {view.shape} and dtype {view.dtype} must be copied: {view.nbytes} bytes")
    copy = fresh(view.shape, view.dtype)
    copy[...] = view
    return copy


def _count_copy() -> None:
    global copies_made
    copies_made += 1


def _memory_size() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system: copy and see
        return 2**63
