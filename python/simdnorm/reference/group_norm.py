"""Group normalization (Wu & He, arXiv:1803.08494): each sample's channels, a group at a time.

The formulas are LayerNorm's. A group's mean and variance run over its channels and all their positions, the parameters
along the channels.
"""

import numpy as np
from numpy.typing import ArrayLike

from .groups import CHANNELS, GROUP, SHARED, join, split, split_mask
from .precision import Array, Gradients, working_dtype
from .standardize import affine, standardize, standardize_backward
from .sums import centre_on, select, total


@np.errstate(all="ignore")
def group_norm_forward(
    x: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize each sample's groups of channels.

    Parameters
    ----------
    x : array_like
        At least two dimensions: channels along `channel_axis`, samples (N) along the first of the others.
    num_groups : int
        Divides the channels; neighbours share a group.
    weight, bias : array_like, optional
        (channels,).
    eps : float
        Added to the variance.
    channel_axis : int
        Where the channels are.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, x counts for nothing and y is 0.

    Returns
    -------
    y, mean, rstd : ndarray
        In the working precision; `y` of the shape of `x`, `mean` and `rstd` (N, num_groups). A group of which the mask
        leaves nothing has mean 0 and variance 0.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> y, mean, rstd = reference.group_norm_forward([[1, 3, 10, 30]], 2, eps=0)
    >>> mean, rstd
    (array([[ 2., 20.]]), array([[1. , 0.1]]))
    """
    x = np.asarray(x, dtype=working_dtype(x, weight, bias))
    groups, mask = split(x, num_groups, channel_axis), split_mask(mask, x, num_groups, channel_axis)
    xhat, mean, rstd = standardize(groups, GROUP, eps, mask)
    y = select(affine(xhat, weight, bias, CHANNELS), mask)
    return join(y, x, channel_axis), mean[..., 0, 0], rstd[..., 0, 0]


@np.errstate(all="ignore")
def group_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Gradients:
    """Carry the gradient back through `group_norm_forward`, by the closed form.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    mean, rstd : array_like
        (N, num_groups), as the forward pass returned them, possibly rounded to a narrower type since.
    num_groups : int
        As in the forward pass.
    weight : array_like, optional
        (channels,).
    channel_axis : int
        As in the forward pass.
    mask : array_like of bool, optional
        As in the forward pass. Where it is False, dy and x count for nothing and dx is 0.

    Returns
    -------
    dx, dweight, dbias : ndarray
        In the working precision; `dx` of the shape of `x`, the parameters' gradients (channels,).

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> from simdnorm import reference
    >>> x = [[1, 3, 10, 30]]
    >>> y, mean, rstd = reference.group_norm_forward(x, 2, eps=0)
    >>> dx, dweight, dbias = reference.group_norm_backward([[1, 0, 2, 0]], x, mean.astype("f4"), rstd.astype("f4"), 2)
    >>> dweight.round(3), dbias
    (array([-1.,  0., -2.,  0.]), array([1., 0., 2., 0.]))
    """
    dtype = working_dtype(dy, x, mean, rstd, weight)
    dy, x, rstd = (np.asarray(a, dtype=dtype) for a in (dy, x, rstd))
    dy_groups, groups = (split(a, num_groups, channel_axis) for a in (dy, x))
    mask = split_mask(mask, x, num_groups, channel_axis)
    mean, rstd = (np.asarray(a)[..., np.newaxis, np.newaxis] for a in (mean, rstd))

    xhat = centre_on(groups, mean, rstd, GROUP, mask) * rstd
    dx = standardize_backward(affine(dy_groups, weight, None, CHANNELS), xhat, rstd, GROUP, mask)
    dweight, dbias = (total(a, SHARED, mask).ravel() for a in (dy_groups * xhat, dy_groups))
    return join(select(dx, mask), x, channel_axis), dweight, dbias
