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
    """Return y, and mean and rstd of shape (N, channels), as `group_norm_forward` with a group for every channel."""
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
    """Return dx, dweight and dbias, as `group_norm_backward` with a group for every channel."""
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
    """Return (1 - momentum) * running + momentum * batch, for mean and variance, all (channels,).

    The batch's are averages over the samples: of each instance's mean, and of its unbiased variance, m2 / (count - 1).
    The spread of the samples' means is in neither, since no instance is normalized by it.
    """
    x = np.asarray(x, dtype=working_dtype(running_mean, running_var, x))
    channels = x.shape[channel_axis]
    instances, mask = split(x, channels, channel_axis), split_mask(mask, x, channels, channel_axis)
    count, mean, m2 = moments(instances, GROUP, mask)
    batch_mean, batch_var = (average(a, (0,)).ravel() for a in (mean, m2 / (count - 1)))
    return moved(running_mean, batch_mean, momentum), moved(running_var, batch_var, momentum)
