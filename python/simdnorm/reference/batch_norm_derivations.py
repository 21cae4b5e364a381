"""BatchNorm's backward pass, derived in four ways, on x of shape (N, C): each of C channels is normalized over N rows.

Conventions of the lesson:

- L is the loss; for any variable v, `dv` is dL/dv and has the shape of v. dy is given.
- Statistics and parameters are both (C,), one value a channel: so, unlike in LayerNorm, every sum and mean runs over
  the N rows, and weight is a constant in each of them.
- Each function takes the raw inputs and computes what it needs itself. docs/math.md tells the story in one piece.
"""

import numpy as np
from numpy.typing import ArrayLike

from .precision import Gradients, working_arrays


def batch_norm_backward_graph(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Walk the computation graph: nine small steps forwards, the same nine backwards.

    A node passes its gradient to each input, times the local derivative. Where forwards one value was spread over
    many rows (broadcast), backwards their gradients are summed; where it was a mean, the gradient is spread in equal
    parts 1/N. A variable used twice gets the sum of both gradients.

    Parameters
    ----------
    dy, x : array_like
        (N, C).
    weight : array_like
        (C,).
    eps : float
        Added to the variance.

    Returns
    -------
    dx, dweight, dbias : ndarray
        (N, C), (C,) and (C,), in the working precision.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.batch_norm_backward_graph([[1], [0], [0]], [[1], [3], [5]], [1], eps=0)
    >>> dx.T.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    rows = x.shape[0]

    mean = np.mean(x, axis=0)  # 1
    centred = x - mean  # 2
    square = centred * centred  # 3
    var = np.mean(square, axis=0)  # 4
    std = np.sqrt(var + eps)  # 5
    rstd = 1 / std  # 6
    xhat = centred * rstd  # 7
    # 8 and 9, scaled = xhat * weight and y = scaled + bias, have no value that the way back needs.

    # 9  y = scaled + bias: a sum passes the gradient on; bias was broadcast over the rows.
    dscaled = dy
    dbias = np.sum(dy, axis=0)
    # 8  scaled = xhat * weight: a product passes it on times the other factor; weight was broadcast over the rows.
    dxhat = dscaled * weight
    dweight = np.sum(dscaled * xhat, axis=0)
    # 7  xhat = centred * rstd: rstd was broadcast over the rows. The first of two ways to centred.
    dcentred = dxhat * rstd
    drstd = np.sum(dxhat * centred, axis=0)
    # 6  rstd = 1 / std: d(1/s)/ds = -1/s^2.
    dstd = -drstd / (std * std)
    # 5  std = sqrt(var + eps): d(sqrt v)/dv = 1 / (2 sqrt v).
    dvar = dstd / (2 * std)
    # 4  var = mean(square): each of the N squares has the share 1/N.
    dsquare = np.broadcast_to(dvar / rows, x.shape)
    # 3  square = centred^2: the second way to centred, added to the first.
    dcentred = dcentred + 2 * centred * dsquare
    # 2  centred = x - mean: the first of two ways to x; mean was broadcast over the rows, with a minus sign.
    dx = dcentred
    dmean = -np.sum(dcentred, axis=0)
    # 1  mean = mean(x): each of the N values has the share 1/N. The second way to x.
    dx = dx + dmean / rows
    return dx, dweight, dbias


def batch_norm_backward_closed(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Walk the graph with letters in place of numbers.

    What reaches x is::

        dvar  = -1/2 * rstd^3 * sum(dxhat * (x - mean))                   steps 7 to 5
        dmean = -rstd * sum(dxhat)                                        step 2; sum(x - mean) = 0 leaves var no share
        dx    = dxhat * rstd + 2 * dvar * (x - mean) / N + dmean / N      steps 7, 3 and 1
              = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat))

    and because weight is one number in a channel, it comes out of both means::

        dx = weight * rstd * (dy - mean(dy) - xhat * mean(dy * xhat))

    Parameters
    ----------
    dy, x, weight, eps
        As those of `batch_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `batch_norm_backward_graph`.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.batch_norm_backward_closed([[1], [0], [0]], [[1], [3], [5]], [1], eps=0)
    >>> dx.T.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    centred = x - np.mean(x, axis=0)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=0) + eps)
    xhat = centred * rstd

    dx = weight * rstd * (dy - np.mean(dy, axis=0) - xhat * np.mean(dy * xhat, axis=0))
    return dx, np.sum(dy * xhat, axis=0), np.sum(dy, axis=0)


def batch_norm_backward_centred_sum(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Expand around the centred sum, sum_k dy_k * (x_k - mean), without ever naming xhat.

    Differentiate y_k = weight * (x_k - mean) * (var + eps)^(-1/2) + bias by x_i, index by index::

        d mean / d x_i = 1/N
        d var  / d x_i = 2 * (x_i - mean) / N
        d y_k  / d x_i = weight * (var + eps)^(-1/2) * ([k = i] - 1/N - (x_k - mean) * (x_i - mean) / (N * (var + eps)))

    The product rule gave the last term: (x_k - mean) * (-1/2) * (var + eps)^(-3/2) * d var / d x_i. Now
    dx_i = sum_k dy_k * d y_k / d x_i; [k = i] picks dy_i, and x_i - mean does not depend on k and leaves the sum::

        dx_i = weight * (var + eps)^(-1/2) / N * (N * dy_i - sum_k dy_k
                                                  - (x_i - mean) / (var + eps) * sum_k dy_k * (x_k - mean))

    Parameters
    ----------
    dy, x, weight, eps
        As those of `batch_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `batch_norm_backward_graph`.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.batch_norm_backward_centred_sum([[1], [0], [0]], [[1], [3], [5]], [1], eps=0)
    >>> dx.T.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    rows = x.shape[0]
    centred = x - np.mean(x, axis=0)
    var_eps = np.mean(centred * centred, axis=0) + eps

    sum_dy = np.sum(dy, axis=0)
    centred_sum = np.sum(dy * centred, axis=0)
    dx = weight / np.sqrt(var_eps) / rows * (rows * dy - sum_dy - centred / var_eps * centred_sum)
    return dx, centred_sum / np.sqrt(var_eps), sum_dy


def batch_norm_backward_compact(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Notice that the closed form's two sums are needed anyway.

    They are the parameters' gradients::

        dbias   = sum(dy)
        dweight = sum(dy * xhat)
        dx      = weight * rstd / N * (N * dy - dbias - xhat * dweight)

    One sweep over x and dy for both sums, one for dx: this is how kernels do it, and what processes that share a
    batch exchange. LayerNorm has no such form: there the parameters' gradients sum over another axis than dx.

    Parameters
    ----------
    dy, x, weight, eps
        As those of `batch_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `batch_norm_backward_graph`.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.batch_norm_backward_compact([[1], [0], [0]], [[1], [3], [5]], [1], eps=0)
    >>> dx.T.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    rows = x.shape[0]
    centred = x - np.mean(x, axis=0)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=0) + eps)
    xhat = centred * rstd

    dbias = np.sum(dy, axis=0)
    dweight = np.sum(dy * xhat, axis=0)
    dx = weight * rstd / rows * (rows * dy - dbias - xhat * dweight)
    return dx, dweight, dbias
