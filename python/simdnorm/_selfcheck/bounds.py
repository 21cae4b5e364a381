"""How far a result may lie from the reference: one formula per kind of result, for the self check and the tests.

u is the unit roundoff of the type (2^-24 for float32, 2^-53 for float64): one rounding moves a value by at most u times
its size. The kernels sum in blocks that are folded in float64, so a sum's error does not grow with its length, and what
remains are the roundings of the last few operations, each relative to the *terms* it adds, not to the result in which
they may cancel. No formula mentions the ratio of mean to spread: any ratio must do.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._dtypes import Array

Axes = tuple[int, ...]


def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """Return half the distance from 1 to the next number."""
    return float(np.finfo(dtype).eps) / 2


def bound_y(y: Array, xhat: Array, weight: Array | float, u: float) -> Array:
    """Bound an output: x - mean, times rstd, times weight, each rounded, and the statistics' own error: 4 u.

    The mean's error counts in units of the spread, hence 1 where xhat is smaller. Adding the bias and storing: 2 u.
    """
    return 4 * u * np.maximum(np.abs(xhat), 1) * np.abs(weight) + 2 * u * np.abs(y)


def bound_sum(value: Array, terms: Array | float, u: float) -> Array:
    """Bound a gradient or a sum whose absolute terms add up to `terms`: 4 u to make and add them, 2 u to store."""
    return 4 * u * terms + 2 * u * np.abs(value)


def bound_dweight(dweight: Array, terms: Array, scale: Array | float, u: float) -> Array:
    """Bound dweight = sum(dy * xhat): as a sum, and what the mean's error adds to every xhat, u in units of the spread.

    That last part, u times `scale` = sum(|dy|), is all that there is where x hits its mean and the terms are 0.
    """
    return bound_sum(dweight, terms, u) + u * scale


def bound_mean(mean: Array, rstd: Array, u: float, u_stored: float) -> Array:
    """Bound a mean: 4 u of the spread, which is at most 1 / rstd, and the rounding to the type that stores it."""
    return 4 * u / rstd + 2 * u_stored * np.abs(mean)


def dx_terms(dxhat: Array, xhat: Array, rstd: Array, axes: Axes) -> Array:
    """Add up the absolute terms of dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat))."""
    n = max(1, int(np.prod([dxhat.shape[a] for a in axes])))
    mean_dxhat = np.abs(dxhat).sum(axis=axes, keepdims=True) / n
    mean_dxhat_xhat = np.abs(dxhat * xhat).sum(axis=axes, keepdims=True) / n
    terms: Array = rstd * (np.abs(dxhat) + mean_dxhat + np.abs(xhat) * mean_dxhat_xhat)
    return terms


def worst(value: NDArray[Any], expected: NDArray[Any], bound: Array) -> tuple[float, float]:
    """Return the largest error in units of the bound, and in units of the last place.

    The last place is that of the result, or of the terms that made it where they are larger and cancel. Where the
    expected value is NaN or infinite the same must come, and whole numbers must be equal; anything else is infinitely
    wrong. What falls below the normal numbers of its type may be off by the smallest one that there is.
    """
    if value.dtype.kind == "i":
        return (0.0, 0.0) if np.array_equal(value, expected) else (np.inf, np.inf)
    if value.shape != expected.shape:
        return np.inf, np.inf
    finite = np.isfinite(expected)
    same = np.where(np.isnan(expected), np.isnan(value), value == expected)
    if not np.all(np.where(finite, np.isfinite(value), same)):
        return np.inf, np.inf
    value, expected, bound = value[finite], expected[finite], bound[finite]
    error = np.abs(value - expected)
    scale = np.maximum(np.abs(expected), bound / (6 * unit_roundoff(value.dtype)))
    place = np.spacing(np.minimum(scale, np.finfo(value.dtype).max).astype(value.dtype))
    bound = bound + np.finfo(value.dtype).smallest_subnormal
    return float(np.max(error / bound, initial=0)), float(np.max(error / place, initial=0))
