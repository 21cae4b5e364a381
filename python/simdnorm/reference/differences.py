"""Central finite differences: a gradient that knows nothing of the mathematics it checks."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .precision import Array, working_dtype


def numerical_gradient(
    f: Callable[[NDArray[Any]], ArrayLike], x: ArrayLike, dy: ArrayLike, step: float | None = None
) -> Array:
    """Estimate dL/dx of the loss L = sum(dy * f(x)), one element of `x` at a time.

    Parameters
    ----------
    f : callable
        From an array like `x` to an array like `dy`. It computes in the dtype of `x`: give `x` as longdouble where
        `f` can use the digits.
    x : array_like
        Where to differentiate. It is never written to, and every call of `f` gets an array of its own: a function
        that keeps what it saw (a layer with a cache) must not find it changed underneath.
    dy : array_like
        The gradient of the loss in f(x).
    step : float, optional
        Relative to each element, or to the average magnitude of `x` where the element is smaller. The default, the
        cube root of the dtype's unit, balances the truncation error (step^2) against rounding (unit / step); it suits
        elements that are not large beside the distance over which `f` bends.

    Returns
    -------
    ndarray
        Of the shape of `x`, in the working precision.

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm import reference
    >>> reference.numerical_gradient(np.square, np.float32([1, 2]), dy=np.float32([1, 1])).round(2)
    array([2., 4.])
    """
    x, dy = np.asarray(x), np.asarray(dy)
    dtype = working_dtype(x, dy)
    if step is None:
        step = float(np.cbrt(np.finfo(x.dtype).eps))
    typical = np.mean(np.abs(x)) if x.size else 0
    distance = step * np.maximum(np.abs(x), typical or 1)

    def moved(index: tuple[int, ...], by: Any) -> NDArray[Any]:
        copy = x.copy()
        copy[index] += by
        return copy

    dx = np.zeros(x.shape, dtype=dtype)
    for index in np.ndindex(x.shape):
        above, below = moved(index, distance[index]), moved(index, -distance[index])
        rise = np.asarray(f(above), dtype=dtype) - np.asarray(f(below), dtype=dtype)
        # x + h is rounded, so the step that was really taken is not 2h.
        run = above[index].astype(dtype) - below[index].astype(dtype)
        dx[index] = np.sum(dy * rise) / run
    return dx
