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
    """Return count (int64), mean and m2 = sum (x - mean)^2 of each channel, all (channels,)."""
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
    """Return y = (x - mean) * rstd * weight + bias with (channels,) statistics and parameters."""
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
    """Return sum(dy) and sum(dy * xhat) of each channel over this share, both (channels,).

    Summed over the shares they are dbias and dweight, and all that the shares need of each other for dx.
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

    The sums and `count`, all (channels,), are those of all shares together.
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
