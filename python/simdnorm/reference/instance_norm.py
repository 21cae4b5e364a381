"""Instance normalization (Ulyanov, Vedaldi & Lempitsky, arXiv:1607.08022): each channel of each sample by itself.

It is GroupNorm with groups of one channel.
"""

import numpy as np
from numpy.typing import ArrayLike

from .group_norm import group_norm_backward, group_norm_forward
from .groups import GROUP, split, split_mask
from .precision import Array, Gradients, working_dtype
from .running import moved
from .sums import average, moments


def instance_norm_forward(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize each sample's channels: `group_norm_forward` with a group for every channel.

    Parameters
    ----------
    x, weight, bias, eps, channel_axis, mask
        As those of `group_norm_forward`.

    Returns
    -------
    y, mean, rstd : ndarray
        In the working precision; `y` of the shape of `x`, `mean` and `rstd` (N, channels).

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> y, mean, rstd = reference.instance_norm_forward([[[1, 3], [10, 30]]], eps=0)
    >>> mean, rstd
    (array([[ 2., 20.]]), array([[1. , 0.1]]))
    """
    channels = np.shape(x)[channel_axis]
    return group_norm_forward(x, channels, weight, bias, eps, channel_axis=channel_axis, mask=mask)


def instance_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Gradients:
    """Carry the gradient back: `group_norm_backward` with a group for every channel.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    mean, rstd : array_like
        (N, channels), as the forward pass returned them, possibly rounded to a narrower type since.
    weight, channel_axis, mask
        As in the forward pass.

    Returns
    -------
    dx, dweight, dbias : ndarray
        As those of `group_norm_backward`.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> x = [[[1, 3, 5]]]
    >>> y, mean, rstd = reference.instance_norm_forward(x, eps=0)
    >>> dx, dweight, dbias = reference.instance_norm_backward([[[1, 0, 0]]], x, mean.astype("f4"), rstd.astype("f4"))
    >>> dx.round(3), dweight.round(3), dbias
    (array([[[ 0.102, -0.204,  0.102]]]), array([-1.225]), array([1.]))
    """
    channels = np.shape(x)[channel_axis]
    return group_norm_backward(dy, x, mean, rstd, channels, weight, channel_axis=channel_axis, mask=mask)


@np.errstate(all="ignore")
def instance_norm_running(
    running_mean: ArrayLike,
    running_var: ArrayLike,
    x: ArrayLike,
    momentum: float = 0.1,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Move running statistics: (1 - momentum) * running + momentum * batch, for mean and variance.

    The batch's are averages over the samples: of each instance's mean, and of its unbiased variance, m2 / (count - 1).
    The spread of the samples' means is in neither, since no instance is normalized by it.

    Parameters
    ----------
    running_mean, running_var : array_like
        (channels,).
    x : array_like
        At least two dimensions: channels along `channel_axis`, samples (N) along the first of the others.
    momentum : float
        The weight of the batch.
    channel_axis, mask
        As those of `group_norm_forward`.

    Returns
    -------
    running_mean, running_var : ndarray
        New ones: (channels,), in the working precision.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.instance_norm_running([0], [1], [[[1, 3]]])
    (array([0.2]), array([1.1]))
    """
    x = np.asarray(x, dtype=working_dtype(running_mean, running_var, x))
    channels = x.shape[channel_axis]
    instances, mask = split(x, channels, channel_axis), split_mask(mask, x, channels, channel_axis)
    count, mean, m2 = moments(instances, GROUP, mask)
    batch_mean, batch_var = (average(a, (0,)).ravel() for a in (mean, m2 / (count - 1)))
    return moved(running_mean, batch_mean, momentum), moved(running_var, batch_var, momentum)
