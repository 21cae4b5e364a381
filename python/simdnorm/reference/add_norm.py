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
    """Add `residual` to `x`, and normalize the sum as `layer_norm_forward` does.

    Parameters
    ----------
    x, residual : array_like
        Of one shape.
    weight, bias, eps, axis
        As those of `layer_norm_forward`.

    Returns
    -------
    y, summed, mean, rstd : ndarray
        `summed` has the dtype of `x`; the others are what `layer_norm_forward` returns for it.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> y, summed, mean, rstd = reference.add_layer_norm_forward([[1, 3]], [[0, 1]], eps=0)
    >>> y, summed
    (array([[-1.,  1.]]), array([[1, 4]]))
    """
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
    """Add `residual` to `x`, and normalize the sum as `rms_norm_forward` does.

    Parameters
    ----------
    x, residual : array_like
        Of one shape.
    weight, eps, axis
        As those of `rms_norm_forward`.

    Returns
    -------
    y, summed, rstd : ndarray
        `summed` has the dtype of `x`; the others are what `rms_norm_forward` returns for it.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.add_rms_norm_forward([[1, 3]], [[0, 4]], eps=0)
    (array([[0.2, 1.4]]), array([[1, 7]]), array([[0.2]]))
    """
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
    """Carry the gradients back through `add_layer_norm_forward`.

    summed goes two ways, into the norm and on to the next residual, from where `dsummed` comes back: dx is the sum.

    Parameters
    ----------
    dy, summed : array_like
        The gradient of the loss in `y`, and the sum; of one shape.
    mean, rstd, weight
        As those of `layer_norm_backward`.
    dsummed : array_like, optional
        The gradient of the loss in `summed` from its other uses, of its shape.
    axis : int or sequence of int
        The axes that are reduced.

    Returns
    -------
    dx, dweight, dbias : ndarray
        `dx` is the gradient of `x` and of `residual` alike; else as those of `layer_norm_backward`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.add_layer_norm_backward([[1, 0]], [[2, 4]], [[3]], [[1]], dsummed=[[1, 1]])
    >>> dx, dbias
    (array([[1., 1.]]), array([1., 0.]))
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
    """Carry the gradients back through `add_rms_norm_forward`, as `add_layer_norm_backward` does.

    Parameters
    ----------
    dy, summed : array_like
        The gradient of the loss in `y`, and the sum; of one shape.
    rstd, weight
        As those of `rms_norm_backward`.
    dsummed, axis
        As those of `add_layer_norm_backward`.

    Returns
    -------
    dx, dweight : ndarray
        `dx` is the gradient of `x` and of `residual` alike; else as those of `rms_norm_backward`.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight = reference.add_rms_norm_backward([[1, 0]], [[1, 1]], [[1]], dsummed=[[1, 1]])
    >>> dx, dweight
    (array([[1.5, 0.5]]), array([1., 0.]))
    """
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
