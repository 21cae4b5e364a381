"""How far a result may lie from the reference: one formula per kind of result, for the self check and the tests.

u is the unit roundoff of the type that a norm is computed in (2^-24 for float32 and the 16-bit types, 2^-53 for
float64): one rounding moves a value by at most u times its size. The kernels sum in blocks that are folded in float64,
so a sum's error does not grow with its length, and what remains are the roundings of the last few operations, each
relative to the *terms* it adds, not to the result in which they may cancel. No formula mentions the ratio of mean to
spread: any ratio must do. What is then stored in a narrower type is rounded once more, and `bound_stored` says so.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._dtypes import Array
from .formats import format_of


def bound_y(y: Array, xhat: Array, weight: Array | float, u: float, least: float = 1) -> Array:
    """Bound an output: x - mean, times rstd, times weight, each rounded, and the statistics' own error: 4 u.

    The mean's error counts in units of the spread, hence `least` = 1 where xhat is smaller. Where there is no mean, it
    is the smallest normal number: what is smaller is not rounded by u times its size.
    Adding the bias and storing: 2 u.
    """
    return 4 * u * np.maximum(np.abs(xhat), least) * np.abs(weight) + 2 * u * np.abs(y)


def bound_sum(value: Array, terms: Array | float, u: float) -> Array:
    """Bound a gradient or a sum whose absolute terms add up to `terms`: 4 u to make and add them, 2 u to store."""
    return 4 * u * terms + 2 * u * np.abs(value)


def bound_dweight(dweight: Array, terms: Array, scale: Array | float, u: float) -> Array:
    """Bound dweight = sum(dy * xhat): as a sum, and what the mean's error adds to every xhat.

    That last part, u times `scale`, is all that there is where x hits its mean and the terms are 0. `mean_units` says
    by how many u, in units of the spread, the mean may be off.
    """
    return bound_sum(dweight, terms, u) + u * scale


def mean_units(mean: Array, rstd: Array) -> Array:
    """Bound the error of a saved mean in a backward pass, in u and units of the spread: 1, and what rounding lost.

    The digits that its rounding lost, |mean| * rstd u of them, are found again as the mean of the computed xhat. Where
    those are all of one size, all roundings may go one way: 4 units in sums of 16, and half a unit at each of the six
    steps from many accumulators to one number.
    """
    units: Array = 1 + np.minimum(7, np.abs(mean) * rstd)
    return units


def bound_mean(mean: Array, spread: Array, u: float, u_stored: float) -> Array:
    """Bound a mean: 4 u of the spread, and the rounding to the type that stores it."""
    return 4 * u * spread + 2 * u_stored * np.abs(mean)


def bound_stored(value: Array, bound: Array, u: float, u_stored: float) -> Array:
    """Widen a bound by the one rounding to a type that is narrower than the one of the computation."""
    return bound + u_stored * (np.abs(value) + bound) if u_stored > u else bound


@np.errstate(over="ignore")  # an error may be any number of bounds large
def worst(value: NDArray[Any], expected: NDArray[Any], bound: Array) -> tuple[float, float]:
    """Return the largest error in units of the bound, and in units of the last place.

    The last place is that of the result, or of the terms that made it where they are larger and cancel. Where the
    expected value is NaN or infinite the same must come, and whole numbers must be equal; anything else is infinitely
    wrong. What lies beyond the numbers of its type, or within the bound of that, may come as infinite; what falls
    below its normal numbers may be off by the smallest one that there is.
    """
    if value.dtype.kind == "i":
        return (0.0, 0.0) if np.array_equal(value, expected) else (np.inf, np.inf)
    if value.shape != expected.shape:
        return np.inf, np.inf
    kind, value = format_of(value.dtype), value.astype(expected.dtype)
    if not (np.isfinite(value).all() and np.isfinite(expected).all()):
        finite = np.isfinite(expected)
        largest = expected.dtype.type(kind.largest)
        beyond = np.isinf(value) & finite & ((value > 0) == (expected > 0)) & (np.abs(expected) + bound > largest)
        same = np.where(np.isnan(expected), np.isnan(value), value == expected)
        if not np.all(np.where(finite, np.isfinite(value) | beyond, same)):
            return np.inf, np.inf
        finite &= ~beyond
        value, expected, bound = value[finite], expected[finite], bound[finite]
    error = np.abs(value - expected)
    _, exponent = np.frexp(np.maximum(np.abs(expected), bound / (6 * kind.u)))
    place = np.maximum(np.ldexp(expected.dtype.type(kind.u), exponent), kind.tiny)
    return float(np.max(error / (bound + kind.tiny), initial=0)), float(np.max(error / place, initial=0))
