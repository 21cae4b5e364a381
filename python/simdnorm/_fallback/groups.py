"""The norms of each sample's channels. They see memory as (samples, outer, channels, inner)."""

from typing import TypeAlias

from .. import reference
from .arrays import Array, numbers, write, write_running

ChannelLayout: TypeAlias = tuple[int, int, int, int]

CHANNEL_AXIS = 2


def group_norm_forward(
    x: Array,
    groups: int,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    mask: Array | None,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    layout: ChannelLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    results = reference.group_norm_forward(x, groups, weight, bias, eps, channel_axis=CHANNEL_AXIS, mask=mask)
    write((y, mean, rstd), results)


def group_norm_backward(
    dy: Array,
    x: Array,
    groups: int,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    mask: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    layout: ChannelLayout,
) -> None:
    dy, x, weight = numbers(dy, layout), numbers(x, layout), numbers(weight)
    mean, rstd = mean.reshape(layout[0], groups), rstd.reshape(layout[0], groups)
    results = reference.group_norm_backward(dy, x, mean, rstd, groups, weight, channel_axis=CHANNEL_AXIS, mask=mask)
    write((dx, dweight, dbias), results)


def instance_norm_forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    mask: Array | None,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    layout: ChannelLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    results = reference.instance_norm_forward(x, weight, bias, eps, channel_axis=CHANNEL_AXIS, mask=mask)
    if running_mean is None or running_var is None:
        write((y, mean, rstd), results)
        return
    updated = reference.instance_norm_running(
        running_mean, running_var, x, momentum, channel_axis=CHANNEL_AXIS, mask=mask
    )
    write((y, mean, rstd), results)  # not before x, which y may be, has been read to the end
    write_running(running_mean, running_var, updated)


def instance_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    mask: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    layout: ChannelLayout,
) -> None:
    group_norm_backward(dy, x, layout[CHANNEL_AXIS], mean, rstd, weight, mask, dx, dweight, dbias, layout)
