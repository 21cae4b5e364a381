"""BatchNorm in parts, for statistics that span processes: each step is local, only three (channels,) arrays travel.

Statistics are taken as they are given: unlike a whole batch's, they cannot be checked against one share of it. A mask
broadcasts to x; what it leaves out counts for nothing, and comes out as zero.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .precision import Array, working_dtype
from .standardize import affine
from .sums import along, moments, select, split_axes, spread, total


@np.errstate(all="ignore")
def batch_norm_statistics(
    x: ArrayLike, *, channel_axis: int = 1, mask: ArrayLike | None = None
) -> tuple[NDArray[np.int64], Array, Array]:
    """Count the values of each channel, and return their mean and m2 = sum (x - mean)^2.

    Parameters
    ----------
    x : array_like
        At least two dimensions; channels along `channel_axis`.
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, x is not counted.

    Returns
    -------
    count, mean, m2 : ndarray
        (channels,); `count` of int64, the others in the working precision.

    References
    ----------
    Chan, Golub & LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.batch_norm_statistics([[1, 10], [3, 30]])
    (array([2, 2]), array([ 2., 20.]), array([  2., 200.]))
    """
    x = np.asarray(x, dtype=working_dtype(x))
    _, axes = split_axes(x.ndim, channel_axis)
    count, mean, m2 = moments(x, axes, spread(mask, x))
    return count.ravel(), mean.ravel(), m2.ravel()


@np.errstate(all="ignore")
def batch_norm_apply(
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Array:
    """Normalize by given statistics: y = (x - mean) * rstd * weight + bias.

    Parameters
    ----------
    x : array_like
        At least two dimensions; channels along `channel_axis`.
    mean, rstd : array_like
        (channels,), taken as they stand.
    weight, bias : array_like, optional
        (channels,).
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, y is 0.

    Returns
    -------
    ndarray
        `y`, of the shape of `x`, in the working precision.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.batch_norm_apply([[1, 10]], mean=[2, 20], rstd=[1, 2])
    array([[ -1., -20.]])
    """
    x = np.asarray(x, dtype=working_dtype(x, mean, rstd, weight, bias))
    channel, _ = split_axes(x.ndim, channel_axis)
    xhat = (x - along(mean, x, channel)) * along(rstd, x, channel)
    return select(affine(xhat, weight, bias, channel), spread(mask, x))


@np.errstate(all="ignore")
def batch_norm_backward_sums(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Sum dy and dy * xhat of each channel over this share.

    Added up over the shares they are dbias and dweight, and all that the shares need of each other for dx.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    mean, rstd : array_like
        (channels,), over all shares, taken as they stand.
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, dy and x count for nothing.

    Returns
    -------
    sum_dy, sum_dy_xhat : ndarray
        (channels,), in the working precision.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.batch_norm_backward_sums([[1], [4]], [[1], [3]], mean=[2], rstd=[1])
    (array([5.]), array([3.]))
    """
    dtype = working_dtype(dy, x, mean, rstd)
    dy, x = np.asarray(dy, dtype=dtype), np.asarray(x, dtype=dtype)
    channel, axes = split_axes(x.ndim, channel_axis)
    xhat = (x - along(mean, x, channel)) * along(rstd, x, channel)
    mask = spread(mask, x)
    return total(dy, axes, mask).ravel(), total(dy * xhat, axes, mask).ravel()


@np.errstate(all="ignore")
def batch_norm_backward_apply(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None,
    sum_dy: ArrayLike,
    sum_dy_xhat: ArrayLike,
    count: ArrayLike,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Array:
    """Return dx = weight * rstd * (dy - sum_dy / count - xhat * sum_dy_xhat / count) of this share.

    Parameters
    ----------
    dy, x, mean, rstd
        As those of `batch_norm_backward_sums`.
    weight : array_like or None
        (channels,).
    sum_dy, sum_dy_xhat, count : array_like
        (channels,), over all shares.
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, dx is 0.

    Returns
    -------
    ndarray
        `dx`, of the shape of `x`, in the working precision.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> dy, x, mean, rstd = [[1], [4]], [[1], [3]], [2], [1]
    >>> reference.batch_norm_backward_apply(dy, x, mean, rstd, None, sum_dy=[5], sum_dy_xhat=[3], count=[2])
    array([[0.],
           [0.]])
    """
    dtype = working_dtype(dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat)
    dy, x = np.asarray(dy, dtype=dtype), np.asarray(x, dtype=dtype)
    channel, _ = split_axes(x.ndim, channel_axis)
    rstd = along(rstd, x, channel)
    xhat = (x - along(mean, x, channel)) * rstd

    count = np.maximum(along(count, x, channel), 1)  # no value at all: nothing to divide
    mean_dy = along(sum_dy, x, channel) / count
    mean_dy_xhat = along(sum_dy_xhat, x, channel) / count
    dx = affine(rstd * (dy - mean_dy - xhat * mean_dy_xhat), weight, None, channel)
    return select(dx, spread(mask, x))
