"""Arrays that are written: fit to be written, and apart from what is read."""

from collections import deque
from collections.abc import Iterable
from itertools import repeat
from operator import setitem

import numpy as np

from ._dtypes import Array


def check_output(out: Array, may_be: Iterable[Array], apart: Iterable[Array | None]) -> None:
    """Refuse an `out`, of the right shape and dtype, that cannot be written without harm.

    It may be one of `may_be` itself, the very same elements; from those and from `apart` it is distinct otherwise.
    """
    check_writable("out", out)
    for other in may_be:
        if out is not other and overlap(out, other) and not _same_elements(out, other):
            raise ValueError("out overlaps an input in part; it may be that array itself, or lie apart from it")
    for value in apart:
        if value is not None and overlap(out, value):
            raise ValueError("out overlaps a parameter, a statistic or the mask")


def check_writable(name: str, a: Array) -> None:
    """Refuse what is read-only, or has elements that share memory."""
    flags = a.flags
    if not flags.writeable:
        raise ValueError(f"{name} is read-only")
    if not flags.c_contiguous and _elements_overlap(a):
        raise ValueError(f"{name} has strides {a.strides}: several of its elements share memory")


def write_together(arrays: tuple[Array, ...], values: tuple[Array, ...]) -> None:
    """Write each of `values` into its array, of the same dtype, all or none.

    An interrupt comes between two steps of the interpreter, and this is one: `deque` drains `map` without returning.
    """
    deque(map(setitem, arrays, repeat(...), values), maxlen=0)  # type: ignore[arg-type] # an overload of setitem


def overlap(a: Array, b: Array) -> bool:
    """Whether the two share a byte; a question too hard to settle quickly counts as yes."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type] # any int
    except np.exceptions.TooHardError:
        return True


def _same_elements(a: Array, b: Array) -> bool:
    # Along an axis of one element nobody steps.
    if a.shape != b.shape or any(n > 1 and s != t for n, s, t in zip(a.shape, a.strides, b.strides, strict=True)):
        return False
    return bool(a.__array_interface__["data"][0] == b.__array_interface__["data"][0])


def _elements_overlap(a: Array) -> bool:
    """Whether a step along some axis can land inside what the finer axes cover."""
    covered = a.itemsize
    for stride, size in sorted((abs(stride), size) for stride, size in zip(a.strides, a.shape, strict=True)):
        if size > 1:
            if stride < covered:
                return True
            covered += stride * (size - 1)
    return False
