"""Arrays that are written: fit to be written, and apart from what is read."""

from collections import deque
from itertools import repeat
from operator import setitem

import numpy as np

from ._dtypes import REFUSED, Array


def output(name: str, out: object, x: Array, may_be: tuple[Array, ...], apart: tuple[Array | None, ...]) -> Array:
    """Return the array to write: fresh when `out` is None, else `out` once it is seen to be fit.

    `out` may be one of `may_be` itself, the very same elements; from those and from `apart` it is distinct otherwise.
    """
    if out is None:
        return np.empty(x.shape, x.dtype) if x.flags.c_contiguous else np.empty_like(x)
    if type(out) is not np.ndarray and (not isinstance(out, np.ndarray) or isinstance(out, REFUSED)):
        raise TypeError(f"{name} must be a plain NumPy array, got {type(out).__name__}")
    if out.dtype != x.dtype:
        raise ValueError(f"{name} has dtype {out.dtype}, expected {x.dtype}, the dtype of x")
    plain: Array = out if type(out) is np.ndarray and out.dtype is x.dtype else out.view(x.dtype, np.ndarray)
    if plain.shape != x.shape:
        raise ValueError(f"{name} has shape {plain.shape}, expected {x.shape}, the shape of x")
    check_writable(name, plain)
    for other in may_be:
        if plain is not other and overlap(plain, other) and not _same_elements(plain, other):
            raise ValueError(f"{name} overlaps an input in part; it may be that array itself, or lie apart from it")
    for small in apart:
        if small is not None and overlap(plain, small):
            raise ValueError(f"{name} overlaps a parameter or a statistic")
    return plain


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
    if a.shape != b.shape or a.strides != b.strides:
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
