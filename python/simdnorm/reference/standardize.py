"""What the norms share: xhat = (x - mean) / sqrt(var + eps), over different axes, and the way back."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .precision import Array
from .sums import Axes, Mask, along, average, centre, select


def unit_rms(x: Array, axes: Axes, eps: float, mask: Mask = None) -> tuple[Array, Array]:
    """Return xhat = x * rstd and rstd = 1 / sqrt(mean(x^2) + eps).

    No square overflows or vanishes: the mean is taken of (x / 2^exponent)^2, at most about 1 (dividing by a power of
    two rounds nothing), and sqrt(mean(x^2) + eps) as the hypotenuse of sqrt(mean(x^2)) and sqrt(eps).
    """
    exponent = _exponent(x, axes, mask)
    scaled = np.ldexp(x, -exponent)
    rms = np.ldexp(np.sqrt(average(scaled * scaled, axes, mask)), exponent)
    root = np.hypot(rms, np.sqrt(x.dtype.type(eps)))
    return x / root, 1 / root


def standardize(x: Array, axes: Axes, eps: float, mask: Mask = None) -> tuple[Array, Array, Array]:
    """Return xhat, mean and rstd = 1 / sqrt(var + eps): what `unit_rms` makes of the values once they are centred.

    The sum of the mean is of x / 2^exponent too, and overflows as little.
    """
    exponent = _exponent(x, axes, mask)
    centred, mean = (np.ldexp(a, exponent) for a in centre(np.ldexp(x, -exponent), axes, mask))
    xhat, rstd = unit_rms(centred, axes, eps, mask)
    return xhat, mean, rstd


def unit_rms_backward(dxhat: Array, xhat: Array, rstd: Array, axes: Axes, mask: Mask = None) -> Array:
    """Return dx = rstd * (dxhat - xhat * mean(dxhat * xhat)), the closed form without a mean."""
    return rstd * (dxhat - xhat * average(dxhat * xhat, axes, mask))


def standardize_backward(dxhat: Array, xhat: Array, rstd: Array, axes: Axes, mask: Mask = None) -> Array:
    """Return dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)), the closed form with a mean."""
    centred, _ = centre(dxhat, axes, mask)
    return rstd * (centred - xhat * average(dxhat * xhat, axes, mask))


def affine(xhat: Array, weight: ArrayLike | None, bias: ArrayLike | None, axes: Axes) -> Array:
    """Return xhat * weight + bias with parameters that run along `axes`; None stands for 1 and 0."""
    y = xhat if weight is None else xhat * along(weight, xhat, axes)
    return y if bias is None else y + along(bias, xhat, axes)


def _exponent(x: Array, axes: Axes, mask: Mask) -> NDArray[np.intc]:
    """Return the power of two just above the largest value."""
    largest = np.max(select(np.abs(x), mask), axis=axes, keepdims=True, initial=0)
    exponent: NDArray[np.intc] = np.frexp(largest)[1]
    return exponent
