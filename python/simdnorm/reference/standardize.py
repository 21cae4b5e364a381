"""What LayerNorm and BatchNorm share: xhat = (x - mean) / sqrt(var + eps), over different axes."""

import numpy as np
from numpy.typing import ArrayLike

from .precision import Array
from .sums import Axes, along, average, centre


def standardize(x: Array, axes: Axes, eps: float) -> tuple[Array, Array, Array]:
    """Return xhat, mean and rstd = 1 / sqrt(var + eps), by two passes over `x`: first the mean, then the variance.

    No sum or square overflows or vanishes: they are taken of x / 2^exponent, whose largest value is about 1 (dividing
    by a power of two rounds nothing), and sqrt(var + eps) as the hypotenuse of sqrt(var) and sqrt(eps).
    """
    _, exponent = np.frexp(np.max(np.abs(x), axis=axes, keepdims=True, initial=0))
    centred, mean = centre(np.ldexp(x, -exponent), axes)
    std = np.sqrt(average(centred * centred, axes))

    centred, mean, std = (np.ldexp(a, exponent) for a in (centred, mean, std))
    root = np.hypot(std, np.sqrt(x.dtype.type(eps)))
    return centred / root, mean, 1 / root


def standardize_backward(dxhat: Array, xhat: Array, rstd: Array, axes: Axes) -> Array:
    """Return dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)), the closed form of both norms."""
    centred, _ = centre(dxhat, axes)
    return rstd * (centred - xhat * average(dxhat * xhat, axes))


def affine(xhat: Array, weight: ArrayLike | None, bias: ArrayLike | None, axes: Axes) -> Array:
    """Return xhat * weight + bias with parameters that run along `axes`; None stands for 1 and 0."""
    y = xhat if weight is None else xhat * along(weight, xhat, axes)
    return y if bias is None else y + along(bias, xhat, axes)
