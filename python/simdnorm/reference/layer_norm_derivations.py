"""LayerNorm's backward pass, derived in five ways, on x of shape (R, D): R rows, each normalized over its length D.

Conventions of the lesson:

- L is the loss; for any variable v, `dv` is dL/dv and has the shape of v. dy is given.
- Row statistics (mean, var, rstd) are (R, 1); parameters are (D,). sum and mean run along the row, over D values, but
  for dweight and dbias, which every row shares, and which therefore sum over the R rows.
- Each function takes the raw inputs and computes what it needs itself. docs/math.md tells the story in one piece.
"""

import numpy as np
from numpy.typing import ArrayLike

from .precision import Array, Gradients, working_arrays


def layer_norm_backward_graph(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Walk the computation graph: nine small steps forwards, the same nine backwards.

    A node passes its gradient to each input, times the local derivative. Where forwards one value was spread over
    many places (broadcast), backwards those places' gradients are summed; where it was a mean, the gradient is spread
    in equal parts 1/D. A variable used twice gets the sum of both gradients.

    Parameters
    ----------
    dy, x : array_like
        (R, D).
    weight : array_like
        (D,).
    eps : float
        Added to the variance.

    Returns
    -------
    dx, dweight, dbias : ndarray
        (R, D), (D,) and (D,), in the working precision.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.layer_norm_backward_graph([[1, 0, 0]], [[1, 3, 5]], [1, 1, 1], eps=0)
    >>> dx.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    length = x.shape[1]

    mean = np.mean(x, axis=1, keepdims=True)  # 1
    centred = x - mean  # 2
    square = centred * centred  # 3
    var = np.mean(square, axis=1, keepdims=True)  # 4
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
    # 7  xhat = centred * rstd: rstd was broadcast along the row. The first of two ways to centred.
    dcentred = dxhat * rstd
    drstd = np.sum(dxhat * centred, axis=1, keepdims=True)
    # 6  rstd = 1 / std: d(1/s)/ds = -1/s^2.
    dstd = -drstd / (std * std)
    # 5  std = sqrt(var + eps): d(sqrt v)/dv = 1 / (2 sqrt v).
    dvar = dstd / (2 * std)
    # 4  var = mean(square): each of the D squares has the share 1/D.
    dsquare = np.broadcast_to(dvar / length, x.shape)
    # 3  square = centred^2: the second way to centred, added to the first.
    dcentred = dcentred + 2 * centred * dsquare
    # 2  centred = x - mean: the first of two ways to x; mean was broadcast along the row, with a minus sign.
    dx = dcentred
    dmean = -np.sum(dcentred, axis=1, keepdims=True)
    # 1  mean = mean(x): each of the D values has the share 1/D. The second way to x.
    dx = dx + dmean / length
    return dx, dweight, dbias


def layer_norm_backward_chain_full(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Chain rule with x, var and mean as the variables of xhat, keeping every term.

    xhat = (x - mean) * (var + eps)^(-1/2) depends on x directly, through var, and through mean; var depends on mean::

        dvar  = sum(dxhat * (x - mean)) * (-1/2) * (var + eps)^(-3/2)
        dmean = sum(dxhat) * -(var + eps)^(-1/2)  +  dvar * dvar/dmean,      dvar/dmean = mean(-2 * (x - mean))
        dx    = dxhat * (var + eps)^(-1/2)  +  dvar * 2 * (x - mean) / D  +  dmean / D

    Parameters
    ----------
    dy, x, weight, eps
        As those of `layer_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `layer_norm_backward_graph`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.layer_norm_backward_chain_full([[1, 0, 0]], [[1, 3, 5]], [1, 1, 1], eps=0)
    >>> dx.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    length = x.shape[1]
    centred = x - np.mean(x, axis=1, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + eps)

    dxhat = dy * weight
    dvar = np.sum(dxhat * centred, axis=1, keepdims=True) * -0.5 * rstd**3
    var_share_of_dmean = dvar * np.mean(-2 * centred, axis=1, keepdims=True)
    dmean = -rstd * np.sum(dxhat, axis=1, keepdims=True) + var_share_of_dmean
    dx = dxhat * rstd + dvar * 2 * centred / length + dmean / length
    return dx, np.sum(dy * centred * rstd, axis=0), np.sum(dy, axis=0)


def layer_norm_backward_chain(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Chain rule through var and mean, without the variance's share of dmean, because it is zero.

    Proof: sum(x - mean) = sum(x) - D * mean = 0 by the definition of the mean, so dvar/dmean = -2 * mean(x - mean) = 0.
    (The mean is where the sum of squared distances is least: there its slope is zero.) What is left::

        dvar  = -1/2 * rstd^3 * sum(dxhat * (x - mean))
        dmean = -rstd * sum(dxhat)
        dx    = dxhat * rstd + (2 * dvar * (x - mean) + dmean) / D

    Parameters
    ----------
    dy, x, weight, eps
        As those of `layer_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `layer_norm_backward_graph`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.layer_norm_backward_chain([[1, 0, 0]], [[1, 3, 5]], [1, 1, 1], eps=0)
    >>> dx.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    length = x.shape[1]
    centred = x - np.mean(x, axis=1, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + eps)

    dxhat = dy * weight
    dvar = -0.5 * rstd**3 * np.sum(dxhat * centred, axis=1, keepdims=True)
    dmean = -rstd * np.sum(dxhat, axis=1, keepdims=True)
    dx = dxhat * rstd + (2 * dvar * centred + dmean) / length
    return dx, np.sum(dy * centred * rstd, axis=0), np.sum(dy, axis=0)


def layer_norm_backward_closed(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Gradients:
    """Put dvar and dmean of the chain form into its dx.

    With (x - mean) * rstd written as xhat::

        2 * dvar * (x - mean) = -rstd * xhat * sum(dxhat * xhat)
        dmean                 = -rstd * sum(dxhat)
        dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat))

    Read: of dxhat, the part along the constant row and the part along xhat are taken away, because moving x in these
    two directions only shifts or scales the row, which the norm undoes. dxhat = dy * weight stands *inside* the means:
    weight varies along the row that they sum over.

    Parameters
    ----------
    dy, x, weight, eps
        As those of `layer_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `layer_norm_backward_graph`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.layer_norm_backward_closed([[1, 0, 0]], [[1, 3, 5]], [1, 1, 1], eps=0)
    >>> dx.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x, weight = working_arrays(dy, x, weight)
    centred = x - np.mean(x, axis=1, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + eps)
    xhat = centred * rstd

    dxhat = dy * weight
    mean_dxhat = np.mean(dxhat, axis=1, keepdims=True)
    mean_dxhat_xhat = np.mean(dxhat * xhat, axis=1, keepdims=True)
    dx = rstd * (dxhat - mean_dxhat - xhat * mean_dxhat_xhat)
    return dx, np.sum(dy * xhat, axis=0), np.sum(dy, axis=0)


def layer_norm_backward_std_mean(dy: ArrayLike, x: ArrayLike, eps: float = 1e-5) -> Array:
    """Go through the gradients of standard deviation and mean; without parameters, y = (x - mean) / std.

    With std = sqrt(var + eps), how the two move with one x_j of the row::

        d mean / d x_j = 1 / D
        d std  / d x_j = 1 / (2 std) * d var / d x_j = (x_j - mean) / (D * std)      the share through mean is zero

    and how the loss moves with them (the quotient rule)::

        dmean = -sum(dy) / std
        dstd  = -sum(dy * (x - mean)) / std^2
        dx    = dy / std + dmean / D + dstd * (x - mean) / (D * std)

    Parameters
    ----------
    dy, x, eps
        As those of `layer_norm_backward_graph`.

    Returns
    -------
    ndarray
        `dx`: (R, D), in the working precision.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.layer_norm_backward_std_mean([[1, 0, 0]], [[1, 3, 5]], eps=0).round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    dy, x = working_arrays(dy, x)
    length = x.shape[1]
    centred = x - np.mean(x, axis=1, keepdims=True)
    std = np.sqrt(np.mean(centred * centred, axis=1, keepdims=True) + eps)

    dmean = -np.sum(dy, axis=1, keepdims=True) / std
    dstd = -np.sum(dy * centred, axis=1, keepdims=True) / (std * std)
    dx: Array = dy / std + dmean / length + dstd * centred / (length * std)
    return dx
