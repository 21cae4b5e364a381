"""GroupNorm's backward pass, derived in four ways, on x of shape (N, C, P): N samples, C channels, P positions.

Conventions of the lesson:

- L is the loss; for any variable v, `dv` is dL/dv and has the shape of v. dy is given.
- x is seen as (N, G, C/G, P): in each sample, G groups of C/G neighbouring channels. Statistics (mean, var, rstd) are
  (N, G, 1, 1), over a group's n = C/G * P values.
- Parameters are (C,), seen as (G, C/G, 1). In a group `weight` is no constant: it stays inside the group's sums, as
  in LayerNorm. dweight and dbias sum over N and P, where a parameter is shared, as in BatchNorm.
- Each function takes the raw inputs and computes what it needs itself. docs/math.md tells the story in one piece.
"""

import numpy as np
from numpy.typing import ArrayLike

from .layer_norm_derivations import layer_norm_backward_closed
from .precision import Array, Gradients, working_arrays


def group_norm_backward_graph(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, num_groups: int, eps: float = 1e-5
) -> Gradients:
    """Walk the computation graph: LayerNorm's nine steps, and the same nine backwards.

    A node passes its gradient to each input, times the local derivative. Where forwards one value was spread over
    many places (broadcast), backwards their gradients are summed; where it was a mean, the gradient is spread in equal
    parts 1/n. A variable used twice gets the sum of both gradients.

    Parameters
    ----------
    dy, x : array_like
        (N, C, P).
    weight : array_like
        (C,).
    num_groups : int
        Divides C.
    eps : float
        Added to the variance.

    Returns
    -------
    dx, dweight, dbias : ndarray
        (N, C, P), (C,) and (C,), in the working precision.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.group_norm_backward_graph([[[1, 0, 0]]], [[[1, 3, 5]]], [1], 1, eps=0)
    >>> dx.round(3)
    array([[[ 0.102, -0.204,  0.102]]])
    """
    dy, x, weight = _grouped(dy, x, weight, num_groups)
    samples, _, channels, positions = x.shape
    group, shared = (2, 3), (0, 3)

    mean = np.mean(x, axis=group, keepdims=True)  # 1
    centred = x - mean  # 2
    square = centred * centred  # 3
    var = np.mean(square, axis=group, keepdims=True)  # 4
    std = np.sqrt(var + eps)  # 5
    rstd = 1 / std  # 6
    xhat = centred * rstd  # 7
    # 8 and 9, scaled = xhat * weight and y = scaled + bias, have no value that the way back needs.

    # 9  y = scaled + bias: a sum passes the gradient on; bias was broadcast over samples and positions.
    dscaled = dy
    dbias = np.sum(dy, axis=shared)
    # 8  scaled = xhat * weight: a product passes it on times the other factor; weight was broadcast like bias.
    dxhat = dscaled * weight
    dweight = np.sum(dscaled * xhat, axis=shared)
    # 7  xhat = centred * rstd: rstd was broadcast over the group. The first of two ways to centred.
    dcentred = dxhat * rstd
    drstd = np.sum(dxhat * centred, axis=group, keepdims=True)
    # 6  rstd = 1 / std: d(1/s)/ds = -1/s^2.
    dstd = -drstd / (std * std)
    # 5  std = sqrt(var + eps): d(sqrt v)/dv = 1 / (2 sqrt v).
    dvar = dstd / (2 * std)
    # 4  var = mean(square): each of the n squares has the share 1/n.
    dsquare = np.broadcast_to(dvar / (channels * positions), x.shape)
    # 3  square = centred^2: the second way to centred, added to the first.
    dcentred = dcentred + 2 * centred * dsquare
    # 2  centred = x - mean: the first of two ways to x; mean was broadcast over the group, with a minus sign.
    dx = dcentred
    dmean = -np.sum(dcentred, axis=group, keepdims=True)
    # 1  mean = mean(x): each of the n values has the share 1/n. The second way to x.
    dx = dx + dmean / (channels * positions)
    return dx.reshape(samples, -1, positions), dweight.ravel(), dbias.ravel()


def group_norm_backward_rows(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, num_groups: int, eps: float = 1e-5
) -> Gradients:
    """Reshape every group to a row, and leave dx to LayerNorm.

    The norm is the same; only the parameters run elsewhere. So weight is passed on the way to the norm, by
    dxhat = dy * weight, LayerNorm's own is 1, and the parameters' gradients are summed here.

    Parameters
    ----------
    dy, x, weight, num_groups, eps
        As those of `group_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `group_norm_backward_graph`.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.group_norm_backward_rows([[[1, 0, 0]]], [[[1, 3, 5]]], [1], 1, eps=0)
    >>> dx.round(3)
    array([[[ 0.102, -0.204,  0.102]]])
    """
    dy, x, weight = _grouped(dy, x, weight, num_groups)
    samples, groups, channels, positions = x.shape
    rows = samples * groups, channels * positions
    xhat, _ = _xhat(x, eps)

    dx, _, _ = layer_norm_backward_closed((dy * weight).reshape(rows), x.reshape(rows), np.ones(rows[1]), eps)
    dx = dx.astype(x.dtype)  # it was given the working precision, and took one wider
    dweight, dbias = np.sum(dy * xhat, axis=(0, 3)), np.sum(dy, axis=(0, 3))
    return dx.reshape(samples, -1, positions), dweight.ravel(), dbias.ravel()


def group_norm_backward_closed(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, num_groups: int, eps: float = 1e-5
) -> Gradients:
    """Take the closed form over a group: dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)).

    Parameters
    ----------
    dy, x, weight, num_groups, eps
        As those of `group_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `group_norm_backward_graph`.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.group_norm_backward_closed([[[1, 0, 0]]], [[[1, 3, 5]]], [1], 1, eps=0)
    >>> dx.round(3)
    array([[[ 0.102, -0.204,  0.102]]])
    """
    dy, x, weight = _grouped(dy, x, weight, num_groups)
    samples, _, _, positions = x.shape
    group, shared = (2, 3), (0, 3)
    xhat, rstd = _xhat(x, eps)

    dxhat = dy * weight
    mean_dxhat = np.mean(dxhat, axis=group, keepdims=True)
    mean_dxhat_xhat = np.mean(dxhat * xhat, axis=group, keepdims=True)
    dx = rstd * (dxhat - mean_dxhat - xhat * mean_dxhat_xhat)
    dweight, dbias = np.sum(dy * xhat, axis=shared), np.sum(dy, axis=shared)
    return dx.reshape(samples, -1, positions), dweight.ravel(), dbias.ravel()


def group_norm_backward_compact(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, num_groups: int, eps: float = 1e-5
) -> Gradients:
    """Sum over the positions of each channel once, and make all that is needed of these two numbers.

    Along the positions weight is one number, so the means of the closed form are sums over the group's channels::

        sum_dy, sum_dy_xhat = sum over P of dy, of dy * xhat                             (N, C)
        dbias, dweight      = sum over N of sum_dy, of sum_dy_xhat                       (C,)
        mean(dxhat)         = sum over a group's channels of weight * sum_dy / n         (N, G)
        mean(dxhat * xhat)  = sum over a group's channels of weight * sum_dy_xhat / n    (N, G)

    One sweep over x and dy for both, one for dx: BatchNorm's compact form, with the fold over channels between.

    Parameters
    ----------
    dy, x, weight, num_groups, eps
        As those of `group_norm_backward_graph`.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `group_norm_backward_graph`.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dx, dweight, dbias = reference.group_norm_backward_compact([[[1, 0, 0]]], [[[1, 3, 5]]], [1], 1, eps=0)
    >>> dx.round(3)
    array([[[ 0.102, -0.204,  0.102]]])
    """
    dy, x, weight = _grouped(dy, x, weight, num_groups)
    samples, _, channels, positions = x.shape
    xhat, rstd = _xhat(x, eps)

    sum_dy = np.sum(dy, axis=3, keepdims=True)
    sum_dy_xhat = np.sum(dy * xhat, axis=3, keepdims=True)
    dbias, dweight = np.sum(sum_dy, axis=0), np.sum(sum_dy_xhat, axis=0)
    mean_dxhat = np.sum(weight * sum_dy, axis=2, keepdims=True) / (channels * positions)
    mean_dxhat_xhat = np.sum(weight * sum_dy_xhat, axis=2, keepdims=True) / (channels * positions)
    dx = rstd * (dy * weight - mean_dxhat - xhat * mean_dxhat_xhat)
    return dx.reshape(samples, -1, positions), dweight.ravel(), dbias.ravel()


def _grouped(dy: ArrayLike, x: ArrayLike, weight: ArrayLike, num_groups: int) -> list[Array]:
    """Return dy and x as (N, G, C/G, P), weight as (G, C/G, 1)."""
    dy, x, weight = working_arrays(dy, x, weight)
    samples, channels, positions = x.shape
    groups = num_groups, channels // num_groups, positions
    return [dy.reshape(samples, *groups), x.reshape(samples, *groups), weight.reshape(*groups[:2], 1)]


def _xhat(x: Array, eps: float) -> tuple[Array, Array]:
    """Return xhat and rstd of each group."""
    centred = x - np.mean(x, axis=(2, 3), keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred * centred, axis=(2, 3), keepdims=True) + eps)
    return centred * rstd, rstd
