"""The residual: summed = x + residual, and the norm of it.

`summed` is rounded once, to the dtype of x, and the norm is that of the rounded sum, so that a model which keeps
`summed` and normalizes it again gets the same y.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .layer_norm import layer_norm_backward, layer_norm_forward
from .precision import Array, Gradients, WeightGradients
from .rms_norm import rms_norm_backward, rms_norm_forward


def add_layer_norm_forward(
    x: ArrayLike,
    residual: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    axis: int | Sequence[int] = -1,
) -> tuple[Array, NDArray[Any], Array, Array]:
    """Return y, summed, mean and rstd; `summed` in the dtype of `x`, the others as `layer_norm_forward` of it."""
    summed = _add(x, residual)
    y, mean, rstd = layer_norm_forward(summed, weight, bias, eps, axis=axis)
    return y, summed, mean, rstd


def add_rms_norm_forward(
    x: ArrayLike,
    residual: ArrayLike,
    weight: ArrayLike | None = None,
    eps: float | None = None,
    *,
    axis: int | Sequence[int] = -1,
) -> tuple[Array, NDArray[Any], Array]:
    """Return y, summed and rstd; `summed` in the dtype of `x`, the others as `rms_norm_forward` of it."""
    summed = _add(x, residual)
    y, rstd = rms_norm_forward(summed, weight, eps, axis=axis)
    return y, summed, rstd


def add_layer_norm_backward(
    dy: ArrayLike,
    summed: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    dsummed: ArrayLike | None = None,
    axis: int | Sequence[int] = -1,
) -> Gradients:
    """Return dx, dweight and dbias; dx is the gradient of `x` and of `residual` alike.

    summed goes two ways, into the norm and on to the next residual, from where `dsummed` comes back: dx is the sum.
    """
    dx, dweight, dbias = layer_norm_backward(dy, summed, mean, rstd, weight, axis=axis)
    return _add_gradient(dx, dsummed), dweight, dbias


def add_rms_norm_backward(
    dy: ArrayLike,
    summed: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    dsummed: ArrayLike | None = None,
    axis: int | Sequence[int] = -1,
) -> WeightGradients:
    """Return dx and dweight, as `add_layer_norm_backward` does."""
    dx, dweight = rms_norm_backward(dy, summed, rstd, weight, axis=axis)
    return _add_gradient(dx, dsummed), dweight


@np.errstate(all="ignore")
def _add(x: ArrayLike, residual: ArrayLike) -> NDArray[Any]:
    # In the arrays' own dtype, which rounds once. In the working precision it would round twice, and that is the same
    # only where the wider type has 2p + 2 bits for the p of the other: float64 for float32, longdouble not for float64.
    # (NumPy adds 16-bit floats in float32, whose 24 bits suffice.)
    x = np.asarray(x)
    summed: NDArray[Any] = x + np.asarray(residual, dtype=x.dtype)
    return summed


@np.errstate(all="ignore")
def _add_gradient(dx: Array, dsummed: ArrayLike | None) -> Array:
    return dx if dsummed is None else dx + np.asarray(dsummed, dtype=dx.dtype)
