"""Groups of channels, side by side: what GroupNorm and InstanceNorm normalize."""

from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .precision import Array
from .sums import Axes, Mask, spread

Scalar = TypeVar("Scalar", bound=np.generic)

GROUP: Axes = (2, 3)  # axes of what `split` returns: the channels of a group, and their positions
CHANNELS: Axes = (1, 2)  # all channels, group by group
SHARED: Axes = (0, 3)  # samples and positions, over which a channel's parameters are shared


def split(a: NDArray[Scalar], num_groups: int, channel_axis: int) -> NDArray[Scalar]:
    """Return `a` as (N, groups, channels of a group, positions).

    N is the first axis but for the channels: axis 0, or axis 1 where the channels lie along axis 0.
    """
    a = np.moveaxis(a, channel_axis, 1)
    samples, channels, *positions = a.shape
    return a.reshape(samples, num_groups, channels // max(num_groups, 1), prod(positions))


def split_mask(mask: ArrayLike | None, x: Array, num_groups: int, channel_axis: int) -> Mask:
    """Return the mask in the shape of what `split` makes of `x`."""
    whole = spread(mask, x)
    return None if whole is None else split(whole, num_groups, channel_axis)


def join(a: Array, like: NDArray[Any], channel_axis: int) -> Array:
    """Undo `split`; `like` is what it was given, or of that shape."""
    shape = list(like.shape)
    shape.insert(1, shape.pop(channel_axis))
    return np.moveaxis(a.reshape(shape), 1, channel_axis)
