"""The norm of a batch's channels, which sees memory as (samples, outer, channels, inner), whole and in parts."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import reference
from .arrays import Array, numbers, write, write_running
from .groups import CHANNEL_AXIS, ChannelLayout

Float64s: TypeAlias = NDArray[np.float64]
Int64s: TypeAlias = NDArray[np.int64]


def batch_norm_forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    unbiased: bool,
    mask: Array | None,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    layout: ChannelLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    results = reference.batch_norm_forward(x, weight, bias, eps, channel_axis=CHANNEL_AXIS, mask=mask)
    if running_mean is None or running_var is None:
        write((y, mean, rstd), results)
        return
    statistics = reference.batch_norm_statistics(x, channel_axis=CHANNEL_AXIS, mask=mask)
    updated = reference.running_update(running_mean, running_var, *statistics, momentum, unbiased)
    write((y, mean, rstd), results)  # x, which y may be, has been read to the end
    write_running(running_mean, running_var, updated)


def batch_norm_inference(
    x: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    mask: Array | None,
    y: Array,
    layout: ChannelLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    result = reference.batch_norm_inference(
        x, running_mean, running_var, weight, bias, eps, channel_axis=CHANNEL_AXIS, mask=mask
    )
    write((y,), (result,))


def batch_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    training: bool,
    mask: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    layout: ChannelLayout,
) -> None:
    dy, x, weight = numbers(dy, layout), numbers(x, layout), numbers(weight)
    results = reference.batch_norm_backward(
        dy, x, mean, rstd, weight, training=training, channel_axis=CHANNEL_AXIS, mask=mask
    )
    write((dx, dweight, dbias), results)


def batch_norm_statistics(
    x: Array,
    mask: Array | None,
    count: Int64s,
    mean: Float64s,
    m2: Float64s,
    layout: ChannelLayout,
) -> None:
    x = numbers(x, layout)
    write((count, mean, m2), reference.batch_norm_statistics(x, channel_axis=CHANNEL_AXIS, mask=mask))


def batch_norm_apply(
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    weight: Array | None,
    bias: Array | None,
    y: Array,
    layout: ChannelLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    write((y,), (reference.batch_norm_apply(x, mean, rstd, weight, bias, channel_axis=CHANNEL_AXIS),))


def batch_norm_backward_sums(
    dy: Array,
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    mask: Array | None,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    layout: ChannelLayout,
) -> None:
    dy, x = numbers(dy, layout), numbers(x, layout)
    results = reference.batch_norm_backward_sums(dy, x, mean, rstd, channel_axis=CHANNEL_AXIS, mask=mask)
    write((sum_dy, sum_dy_xhat), results)


def batch_norm_backward_apply(
    dy: Array,
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    weight: Array | None,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    count: Int64s,
    mask: Array | None,
    dx: Array,
    layout: ChannelLayout,
) -> None:
    dy, x, weight = numbers(dy, layout), numbers(x, layout), numbers(weight)
    result = reference.batch_norm_backward_apply(
        dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat, count, channel_axis=CHANNEL_AXIS, mask=mask
    )
    write((dx,), (result,))
