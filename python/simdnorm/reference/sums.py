"""Sums, averages and centred values along axes; reduced axes are kept as 1, so that results broadcast."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike

from .precision import Array

Axes = tuple[int, ...]


def split_axes(ndim: int, axis: int | Sequence[int]) -> tuple[Axes, Axes]:
    """Return the axes named by `axis` and the others, both ascending and not negative."""
    named = tuple(sorted(normalize_axis_tuple(axis, ndim)))
    return named, tuple(i for i in range(ndim) if i not in named)


def along(values: ArrayLike, x: Array, axes: Axes) -> Array:
    """Return `values`, which run along `axes` of `x`, in its precision and a shape that broadcasts against it."""
    shape = [size if i in axes else 1 for i, size in enumerate(x.shape)]
    return np.asarray(values, dtype=x.dtype).reshape(shape)


def total(a: Array, axes: Axes) -> Array:
    """Sum over `axes`.

    The summed axes are brought together at the end because NumPy sums pairwise (an error that grows as log n, not
    as n) along contiguous memory only.
    """
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    rows = a.transpose(kept + axes).reshape(math.prod(a.shape[i] for i in kept), math.prod(a.shape[i] for i in axes))
    sums: Array = np.sum(np.ascontiguousarray(rows), axis=1)
    return sums.reshape([1 if i in axes else size for i, size in enumerate(a.shape)])


def average(a: Array, axes: Axes) -> Array:
    """Average over `axes`; 0 where there is nothing to average, so that an empty share adds nothing to a merge."""
    count = math.prod(a.shape[i] for i in axes)
    mean: Array = total(a, axes) / max(count, 1)
    return mean


def centre(x: Array, axes: Axes) -> tuple[Array, Array]:
    """Return `x - mean` and `mean`, over `axes`.

    A computed mean is a rounded one. What its rounding lost is what the centred values still average to, so it is
    taken from them once more: they are then right to their own last digit however large the mean is beside the
    spread, and exactly 0 where all values are equal.
    """
    mean = average(x, axes)
    centred = x - mean
    rest = average(centred, axes)
    return centred - rest, mean + rest


def centre_on(x: Array, mean: ArrayLike, rstd: Array, axes: Axes) -> Array:
    """Return `x - mean` for a saved mean of these same values, with the digits that saving it lost.

    A mean saved in float32 beside a spread of a few units in its last place has hardly a digit to give. Its lost
    part is again the average of what it leaves behind, and rounding to a type of unit roundoff u explains u * |mean|
    of it. A few u in units of the spread, 1 / rstd, must not hide a loss: by so much the forward pass may have missed
    the mean before it was saved, and this sum may miss the rest. So 8 u are granted on top, and 2^-6 of the first part
    for its own rounding. A larger average means that the caller meant another mean, which is then taken as it stands.
    """
    saved = np.asarray(mean)
    u = np.finfo(np.result_type(saved, np.float16)).eps / 2
    centred = x - saved.astype(x.dtype)
    rest = average(centred, axes)
    explained = np.abs(rest) * rstd <= u * (np.abs(saved) * rstd * (1 + 2**-6) + 8)
    return centred - np.where(explained, rest, 0)
