"""Root mean square normalization (Zhang & Sennrich, arXiv:1910.07467): LayerNorm that takes no mean away.

With the mean of squares over the row::

    y = xhat * weight,   xhat = x * rstd,   rstd = 1 / sqrt(mean(x^2) + eps)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .precision import Array, WeightGradients, epsilon, working_dtype
from .standardize import affine, unit_rms, unit_rms_backward
from .sums import split_axes, total


@np.errstate(all="ignore")
def rms_norm_forward(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    eps: float | None = None,
    *,
    axis: int | Sequence[int] = -1,
) -> tuple[Array, Array]:
    """Divide `x` by its root mean square over `axis`.

    Parameters
    ----------
    x : array_like
        Any shape with at least one dimension.
    weight : array_like, optional
        Of the shape of the reduced axes, in the order they have in `x`.
    eps : float, optional
        Added to the mean square. None: the epsilon of the dtype of `x`, the step from 1 to its next number.
    axis : int or sequence of int
        The axes that are reduced.

    Returns
    -------
    y, rstd : ndarray
        In the working precision; `y` of the shape of `x`, `rstd` with the reduced axes kept as 1.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.rms_norm_forward([[1, 7]], eps=0)
    (array([[0.2, 1.4]]), array([[0.2]]))
    """
    if eps is None:
        eps = epsilon(np.asarray(x).dtype)
    x = np.asarray(x, dtype=working_dtype(x, weight))
    axes, _ = split_axes(x.ndim, axis)
    xhat, rstd = unit_rms(x, axes, eps)
    return affine(xhat, weight, None, axes), rstd


@np.errstate(all="ignore")
def rms_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    axis: int | Sequence[int] = -1,
) -> WeightGradients:
    """Carry the gradient back through `rms_norm_forward`, by the closed form.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    rstd : array_like
        As the forward pass returned it, possibly rounded to a narrower type since.
    weight : array_like, optional
        As in the forward pass.
    axis : int or sequence of int
        The axes that are reduced.

    Returns
    -------
    dx, dweight : ndarray
        In the working precision; `dx` of the shape of `x`, `dweight` of that of the reduced axes.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> x = [[1, 7]]
    >>> y, rstd = reference.rms_norm_forward(x, eps=0)
    >>> dx, dweight = reference.rms_norm_backward([[1, 0]], x, rstd.astype("f4"))
    >>> dx.round(3), dweight.round(3)
    (array([[ 0.196, -0.028]]), array([0.2, 0. ]))
    """
    dtype = working_dtype(dy, x, rstd, weight)
    dy, x, rstd = (np.asarray(a, dtype=dtype) for a in (dy, x, rstd))
    axes, rows = split_axes(x.ndim, axis)

    xhat = x * rstd
    dx = unit_rms_backward(affine(dy, weight, None, axes), xhat, rstd, axes)
    return dx, total(dy * xhat, rows).reshape([x.shape[i] for i in axes])
