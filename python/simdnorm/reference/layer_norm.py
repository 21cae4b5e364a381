"""Layer normalization (Ba, Kiros & Hinton, arXiv:1607.06450): each row by its own mean and variance.

With mean and var = mean((x - mean)^2) over the row::

    y = xhat * weight + bias,   xhat = (x - mean) * rstd,   rstd = 1 / sqrt(var + eps)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .precision import Array, Gradients, working_dtype
from .standardize import affine, standardize, standardize_backward
from .sums import centre_on, split_axes, total


@np.errstate(all="ignore")
def layer_norm_forward(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    axis: int | Sequence[int] = -1,
) -> tuple[Array, Array, Array]:
    """Normalize `x` over `axis`.

    Parameters
    ----------
    x : array_like
        Any shape with at least one dimension.
    weight, bias : array_like, optional
        Of the shape of the reduced axes, in the order they have in `x`.
    eps : float
        Added to the variance.
    axis : int or sequence of int
        The axes that are reduced.

    Returns
    -------
    y, mean, rstd : ndarray
        In the working precision; `y` of the shape of `x`, `mean` and `rstd` with the reduced axes kept as 1.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.layer_norm_forward([[1, 3]], eps=0)
    (array([[-1.,  1.]]), array([[2.]]), array([[1.]]))
    """
    x = np.asarray(x, dtype=working_dtype(x, weight, bias))
    axes, _ = split_axes(x.ndim, axis)
    xhat, mean, rstd = standardize(x, axes, eps)
    return affine(xhat, weight, bias, axes), mean, rstd


@np.errstate(all="ignore")
def layer_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    axis: int | Sequence[int] = -1,
) -> Gradients:
    """Carry the gradient back through `layer_norm_forward`, by the closed form.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    mean, rstd : array_like
        As the forward pass returned them, possibly rounded to a narrower type since.
    weight : array_like, optional
        As in the forward pass.
    axis : int or sequence of int
        The axes that are reduced.

    Returns
    -------
    dx, dweight, dbias : ndarray
        In the working precision; `dx` of the shape of `x`, the parameters' gradients of that of the reduced axes.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> x = [[1, 3, 5]]
    >>> y, mean, rstd = reference.layer_norm_forward(x, eps=0)
    >>> dx, dweight, dbias = reference.layer_norm_backward([[1, 0, 0]], x, mean.astype("f4"), rstd.astype("f4"))
    >>> dx.round(3), dweight.round(3), dbias
    (array([[ 0.102, -0.204,  0.102]]), array([-1.225,  0.   ,  0.   ]), array([1., 0., 0.]))
    """
    dtype = working_dtype(dy, x, mean, rstd, weight)
    dy, x, rstd = (np.asarray(a, dtype=dtype) for a in (dy, x, rstd))
    axes, rows = split_axes(x.ndim, axis)
    parameter_shape = [x.shape[i] for i in axes]

    xhat = centre_on(x, mean, rstd, axes) * rstd
    dx = standardize_backward(affine(dy, weight, None, axes), xhat, rstd, axes)
    dweight = total(dy * xhat, rows).reshape(parameter_shape)
    dbias = total(dy, rows).reshape(parameter_shape)
    return dx, dweight, dbias
