"""How BatchNorm, GroupNorm and InstanceNorm see x: (samples, outer, channels, inner), parameters along the channels.

    x                                                          read as it is, in
    C-contiguous                                               logical order
    memory with the channels last (NHWC behind an NCHW view)   channels last
    memory with the channels second (the reverse)              channels second

Everything else goes through one copy in logical order. Two things make a copy even of contiguous x, channels second: a
mask that differs between channels which are neighbours in memory, and, to the norms that keep the samples apart,
channels that stand before them (``channel_axis=0``: the samples are then the first of the other axes).
"""

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._dtypes import Array, array
from ._frame import Frame, Layout
from ._layouts import Order, Output, Shape, lies_in
from ._masks import Mask, alike_along, checked_mask, counts, merged
from ._scalars import checked_groups
from ._shapes import checked_channel_axis

MOST_VALUES = 2**56
"""What the kernels can count, and more than any memory holds."""


class Seen(NamedTuple):
    """What the choice of a memory order comes to."""

    x: Array
    order: Order
    layout: Layout
    mask: Mask | None


class Channels(Frame):
    """A frame of a channel norm; with the mask, if any, as it was given, and as the kernels take it."""

    __slots__ = ("given_mask", "mask")

    def __init__(self, seen: Seen, given_mask: Array | None, statistic_shape: Shape) -> None:
        x, order, layout, self.mask = seen
        super().__init__("x", x, order, layout, layout[2:3], statistic_shape)
        self.given_mask = given_mask

    def output(self, out: object = None, may_be: Iterable[Array] = (), apart: Iterable[Array | None] = ()) -> Output:
        """Make room for a result of full size, apart from the mask too."""
        return super().output(out, may_be, (*apart, self.given_mask))

    def counts(self) -> NDArray[np.int64] | int:
        """Count the values of each channel; a number where all have as many."""
        return counts(self.mask, self.layout, (0, 1, 3))

    def check_batch(self) -> None:
        """Refuse a channel whose values have no variance that could be told from none."""
        self._check_enough((0, 1, 3), "channel")

    def check_instances(self, *, averaged: bool) -> None:
        """Refuse an instance of fewer than two values, and no instance at all where their statistics are averaged."""
        samples = self.layout[0]
        if samples or averaged:
            self._check_enough((1, 3) if samples else (0, 1, 3), "channel of a sample")

    def _check_enough(self, axes: tuple[int, ...], of: str) -> None:
        values = counts(self.mask, self.layout, axes)
        fewest = values if isinstance(values, int) else values.min(initial=2)
        if fewest < 2:
            masked = "" if self.mask is None else " and a mask"
            shape = self.x.shape
            raise ValueError(f"x has shape {shape}{masked}: statistics need 2 or more values per {of}, got {fewest}")


def channels_of(x: object, channel_axis: object, mask: Array | None = None) -> Channels:
    """See x as BatchNorm does: statistics are (channels,)."""
    seen = _seen(x, channel_axis, mask, samples_apart=False)
    return Channels(seen, mask, seen.layout[2:3])


def instances_of(x: object, channel_axis: object, mask: Array | None) -> Channels:
    """See x as InstanceNorm does: statistics are (samples, channels)."""
    seen = _seen(x, channel_axis, mask, samples_apart=True)
    return Channels(seen, mask, seen.layout[0:3:2])


def groups_of(x: object, num_groups: object, channel_axis: object, mask: Array | None) -> Channels:
    """See x as GroupNorm does: statistics are (samples, groups)."""
    seen = _seen(x, channel_axis, mask, samples_apart=True)
    samples, _, channels, _ = seen.layout
    groups = checked_groups(num_groups, channels)
    if samples * groups > MOST_VALUES:  # no channels are divided by any number of groups
        raise ValueError(f"num_groups is {groups}: there is no array of so many statistics for {samples} samples")
    return Channels(seen, mask, (samples, groups))


def _seen(value: object, channel_axis: object, mask: object, *, samples_apart: bool) -> Seen:
    x = array("x", value)
    channel = checked_channel_axis(x, channel_axis)
    if mask is None and x.flags.c_contiguous and (channel or not samples_apart):
        return Seen(x, None, _layout(x, None, channel), None)

    first, *others = (a for a in range(x.ndim) if a != channel)
    second = first, channel, *others
    order: Order = second if samples_apart and channel == 0 else None
    if not x.flags.c_contiguous:
        order = next((o for o in ((first, *others, channel), second) if lies_in(x, o)), order)

    mask_ = checked_mask(mask, x)
    layout = _layout(x, order, channel)
    if mask_ is None:
        return Seen(x, order, layout, None)
    if mask_.shape[channel] != 1 and layout[3] == 1:
        mask_ = alike_along(mask_, channel)
        if mask_.shape[channel] != 1:
            order, layout = second, _layout(x, second, channel)
            if layout[3] == 1 and not samples_apart:
                order = channel, first, *others
                layout = _layout(x, order, channel)
    position = channel if order is None else order.index(channel)
    return Seen(x, order, layout, merged(mask_, x, order, position))


def _layout(x: Array, order: Order, channel: int) -> Layout:
    """Merge the axes before the channels, but for the samples, and those behind them."""
    shape = x.shape
    if order is not None:
        shape, channel = tuple(shape[a] for a in order), order.index(channel)
    samples = shape[0] if channel else 1
    return samples, prod(shape[1:channel]), shape[channel], prod(shape[channel + 1 :])
