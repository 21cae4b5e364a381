"""RMSNorm's backward pass, derived in three ways, on x of shape (R, D): R rows, each divided by its root mean square.

Conventions of the lesson:

- L is the loss; for any variable v, `dv` is dL/dv and has the shape of v. dy is given.
- Row statistics (rms, rstd) are (R, 1), weight is (D,). Sums and means run along the row, over D values, but for
  dweight, which sums over the R rows.
- Each function takes the raw inputs and computes what it needs itself. docs/math.md tells the story in one piece.
"""

import numpy as np
from numpy.typing import ArrayLike

from .precision import Array, WeightGradients, working_arrays


def rms_norm_backward_graph(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> WeightGradients:
    """Walk the computation graph: LayerNorm's without the two steps of the mean, and without bias.

    x is used twice, and gets the sum of both gradients.

    Parameters
    ----------
    dy, x : array_like
        (R, D).
    weight : array_like
        (D,).
    eps : float
        Added to the mean square.

    Returns
    -------
    dx, dweight : ndarray
        (R, D) and (D,), in the working precision.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight = reference.rms_norm_backward_graph([[1, 0]], [[1, 7]], [1, 1], eps=0)
    >>> dx.round(3), dweight.round(3)
    (array([[ 0.196, -0.028]]), array([0.2, 0. ]))
    """
    dy, x, weight = working_arrays(dy, x, weight)
    length = x.shape[1]

    square = x * x  # 1
    mean_square = np.mean(square, axis=1, keepdims=True)  # 2
    rms = np.sqrt(mean_square + eps)  # 3
    rstd = 1 / rms  # 4
    xhat = x * rstd  # 5
    # 6, y = xhat * weight, has no value that the way back needs.

    # 6  y = xhat * weight: a product passes the gradient on times the other factor; weight was broadcast over the rows.
    dxhat = dy * weight
    dweight = np.sum(dy * xhat, axis=0)
    # 5  xhat = x * rstd: rstd was broadcast along the row. The first of two ways to x.
    dx = dxhat * rstd
    drstd = np.sum(dxhat * x, axis=1, keepdims=True)
    # 4  rstd = 1 / rms: d(1/r)/dr = -1/r^2.
    drms = -drstd / (rms * rms)
    # 3  rms = sqrt(mean_square + eps): d(sqrt v)/dv = 1 / (2 sqrt v).
    dmean_square = drms / (2 * rms)
    # 2  mean_square = mean(square): each of the D squares has the share 1/D.
    dsquare = np.broadcast_to(dmean_square / length, x.shape)
    # 1  square = x^2: the second way to x, added to the first.
    dx = dx + 2 * x * dsquare
    return dx, dweight


def rms_norm_backward_jacobian(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> WeightGradients:
    """Write down the matrix of all derivatives of a row of xhat in a row of x, and multiply.

    From xhat_k = x_k * (mean(x^2) + eps)^(-1/2), where d mean(x^2) / d x_i = 2 * x_i / D::

        d xhat_k / d x_i = rstd * [k = i] + x_k * (-1/2) * rstd^3 * 2 * x_i / D
                         = rstd * ([k = i] - xhat_k * xhat_i / D)

    The matrix is symmetric. (Without eps it is rstd times the projection that takes the part along xhat away.)

    Parameters
    ----------
    dy, x, weight, eps
        As those of `rms_norm_backward_graph`.

    Returns
    -------
    dx, dweight : ndarray
        As those of `rms_norm_backward_graph`.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight = reference.rms_norm_backward_jacobian([[1, 0]], [[1, 7]], [1, 1], eps=0)
    >>> dx.round(3), dweight.round(3)
    (array([[ 0.196, -0.028]]), array([0.2, 0. ]))
    """
    dy, x, weight = working_arrays(dy, x, weight)
    length = x.shape[1]
    rstd = 1 / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + eps)
    xhat = x * rstd

    jacobian = rstd[:, :, np.newaxis] * (np.eye(length) - xhat[:, :, np.newaxis] * xhat[:, np.newaxis, :] / length)
    dx: Array = np.einsum("rk,rki->ri", dy * weight, jacobian)
    return dx, np.sum(dy * xhat, axis=0)


def rms_norm_backward_closed(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> WeightGradients:
    """Multiply the matrix with dxhat on paper.

    It is never stored::

        dx_i = sum_k dxhat_k * rstd * ([k = i] - xhat_k * xhat_i / D)
        dx   = rstd * (dxhat - xhat * mean(dxhat * xhat))

    LayerNorm's closed form without mean(dxhat): a shift of the row is not undone here, and its gradient stays.

    Parameters
    ----------
    dy, x, weight, eps
        As those of `rms_norm_backward_graph`.

    Returns
    -------
    dx, dweight : ndarray
        As those of `rms_norm_backward_graph`.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight = reference.rms_norm_backward_closed([[1, 0]], [[1, 7]], [1, 1], eps=0)
    >>> dx.round(3), dweight.round(3)
    (array([[ 0.196, -0.028]]), array([0.2, 0. ]))
    """
    dy, x, weight = working_arrays(dy, x, weight)
    rstd = 1 / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + eps)
    xhat = x * rstd

    dxhat = dy * weight
    dx = rstd * (dxhat - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True))
    return dx, np.sum(dy * xhat, axis=0)
