"""Sums, averages and centred values along axes; reduced axes are kept as 1, so that results broadcast.

A mask has the shape of what is summed. What it leaves out is replaced, never multiplied by zero: NaN * 0 is NaN.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, NDArray

from .precision import Array, epsilon

Axes = tuple[int, ...]
Mask: TypeAlias = NDArray[np.bool_] | None


def split_axes(ndim: int, axis: int | Sequence[int]) -> tuple[Axes, Axes]:
    """Return the axes named by `axis` and the others, both ascending and not negative."""
    named = tuple(sorted(normalize_axis_tuple(axis, ndim)))
    return named, tuple(i for i in range(ndim) if i not in named)


def along(values: ArrayLike, x: Array, axes: Axes) -> Array:
    """Return `values`, which run along `axes` of `x`, in its precision and a shape that broadcasts against it."""
    shape = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    return np.asarray(values, dtype=x.dtype).reshape(shape)


def spread(mask: ArrayLike | None, x: Array) -> Mask:
    """Return the mask in the shape of `x`."""
    return None if mask is None else np.broadcast_to(np.asarray(mask, dtype=np.bool_), x.shape)


def select(a: Array, mask: Mask) -> Array:
    """Return `a` with 0 where the mask is False."""
    return a if mask is None else np.where(mask, a, a.dtype.type(0))


def number(a: Array, axes: Axes, mask: Mask = None) -> NDArray[np.int64]:
    """Count the values of each sum over `axes`."""
    if mask is None:
        return np.full(_kept(a, axes), math.prod(a.shape[i] for i in axes), dtype=np.int64)
    count: NDArray[np.int64] = np.sum(mask, axis=axes, keepdims=True, dtype=np.int64)
    return count


def total(a: Array, axes: Axes, mask: Mask = None) -> Array:
    """Sum over `axes`.

    The summed axes are brought together at the end because NumPy sums pairwise (an error that grows as log n, not
    as n) along contiguous memory only.
    """
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    rows = select(a, mask).transpose(kept + axes)
    rows = rows.reshape(math.prod(a.shape[i] for i in kept), math.prod(a.shape[i] for i in axes))
    sums: Array = np.sum(np.ascontiguousarray(rows), axis=1)
    return sums.reshape(_kept(a, axes))


def average(a: Array, axes: Axes, mask: Mask = None) -> Array:
    """Average over `axes`; 0 where there is nothing to average, so that an empty share adds nothing to a merge."""
    mean: Array = total(a, axes, mask) / np.maximum(number(a, axes, mask), 1)
    return mean


def centre(x: Array, axes: Axes, mask: Mask = None) -> tuple[Array, Array]:
    """Return `x - mean` and `mean`, over `axes`.

    A computed mean is a rounded one. What its rounding lost is what the centred values still average to, so it is
    taken from them once more: they are then right to their own last digit however large the mean is beside the
    spread, and exactly 0 where all values are equal.
    """
    mean = average(x, axes, mask)
    centred = x - mean
    rest = average(centred, axes, mask)
    return centred - rest, mean + rest


def centre_on(x: Array, mean: ArrayLike, rstd: Array, axes: Axes, mask: Mask = None) -> Array:
    """Return `x - mean` for a saved mean of these same values, with the digits that saving it lost.

    A mean saved in float32 beside a spread of a few units in its last place has hardly a digit to give. Its lost
    part is again the average of what it leaves behind, and rounding to a type of unit roundoff u explains u * |mean|
    of it. A few u in units of the spread, 1 / rstd, must not hide a loss: by so much the forward pass may have missed
    the mean before it was saved, and this sum may miss the rest. So 8 u are granted on top, and 2^-6 of the first part
    for its own rounding. A larger average means that the caller meant another mean, which is then taken as it stands.
    """
    saved = np.asarray(mean)
    u = epsilon(saved.dtype) / 2
    saved = saved.astype(x.dtype)
    centred = x - saved
    rest = average(centred, axes, mask)
    spreads = np.abs(rstd)  # whatever a caller meant by one below zero
    explained = np.abs(rest) * spreads <= u * (np.abs(saved) * spreads * (1 + 2**-6) + 8)
    recovered: Array = centred - select(rest, explained)
    return recovered


def moments(x: Array, axes: Axes, mask: Mask = None) -> tuple[NDArray[np.int64], Array, Array]:
    """Return the count, mean and m2 = sum (x - mean)^2 over `axes`."""
    centred, mean = centre(x, axes, mask)
    return number(x, axes, mask), mean, total(centred * centred, axes, mask)


def _kept(a: Array, axes: Axes) -> list[int]:
    """Return the shape of a sum over `axes`."""
    return [1 if i in axes else size for i, size in enumerate(a.shape)]
