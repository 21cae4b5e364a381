"""Kernels of BatchNorm, by the statistics of the batch, and by running ones, which are constants.

By the lane, and where that declines in all ways that there are, at last through arrays.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from .. import functional
from ._arrays import array, empty, optional, optional_tensor, parameter, statistics_dtype, tensor
from ._channels import Gradients, dense, lying_as
from ._lane import LANE, threads
from ._threads import in_step

Optional = Tensor | None
Forward = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def forward_lane(
    keep: bool,
    x: Tensor,
    weight: Optional,
    bias: Optional,
    eps: float,
    running: Sequence[Optional] = (None, None),
    momentum: float = 0.0,
) -> Any:
    """Return y, and if they are kept the mean and rstd. Running statistics, where there are any, have moved."""
    if keep and x.is_inference():
        return None  # it cannot be kept: PyTorch says so, and nothing is to have moved by then
    statistics = [statistic for statistic in running if statistic is not None]
    narrow = len(statistics) == 2 and x.itemsize == 2 and all(statistic.dtype is x.dtype for statistic in statistics)
    wide = [statistic.float() for statistic in statistics] if narrow else []
    given = x, weight, bias, eps, *(wide or running), momentum
    results = LANE.batch_norm_forward(threads(), *given, True, 1, None, keep, None)
    if results is None:
        return None
    if narrow:
        for statistic, moved in zip(statistics, wide, strict=True):
            statistic.copy_(moved)
    elif statistics:
        increment_version(statistics)
    return results if keep else (results,)


@in_step
def forward(keep: bool, x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    """Return also the mean and the unbiased variance of the batch, for whoever moves running statistics."""
    x = dense(x)
    # With momentum 1 the running statistics become the batch's.
    batch = x.new_zeros(x.shape[1], dtype=statistics_dtype(x)), x.new_zeros(x.shape[1], dtype=statistics_dtype(x))
    results = forward_lane(True, x, weight, bias, eps, batch, 1.0)
    if results is None:
        y = empty(x)
        running = array(batch[0]), array(batch[1]), 1.0
        _, *saved = functional.batch_norm_forward(
            array(x), parameter(weight), parameter(bias), *running, eps, out=array(y)
        )
        results = y, *map(tensor, saved)
    y, mean, rstd = results
    return y, mean, rstd, *batch


def forward_fake(x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    mean = x.new_empty(x.shape[1], dtype=statistics_dtype(x))
    rstd, batch_mean, batch_var = (torch.empty_like(mean) for _ in range(3))
    return torch.empty_like(dense(x)), mean, rstd, batch_mean, batch_var


def apply_lane(
    keep: bool,
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Optional,
    bias: Optional,
    eps: float,
) -> Any:
    if x.itemsize == 2 and running_mean.dtype is x.dtype:
        running_mean, running_var = running_mean.float(), running_var.float()
    y = LANE.batch_norm_inference(threads(), x, running_mean, running_var, weight, bias, eps, 1, None, False, None)
    return None if y is None else (y,)


@in_step
def apply(
    keep: bool, x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> tuple[Tensor]:
    x = dense(x)
    results: tuple[Tensor] | None = apply_lane(keep, x, running_mean, running_var, weight, bias, eps)
    if results is not None:
        return results
    y = empty(x)
    given = array(x), array(running_mean), array(running_var), parameter(weight), parameter(bias)
    functional.batch_norm(*given, eps=eps, out=array(y))
    return (y,)


def apply_fake(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> Tensor:
    return torch.empty_like(dense(x))


def backward_lane(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, training: bool, need: Sequence[bool]
) -> Any:
    return LANE.batch_norm_backward(threads(), dy, x, mean, rstd, weight, training, 1, None, tuple(need), None)


@in_step
def backward(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, training: bool, need: Sequence[bool]
) -> Gradients:
    x = dense(x)
    dy = lying_as(x, dy)
    results: Gradients | None = backward_lane(dy, x, mean, rstd, weight, training, need)
    if results is not None:
        return results
    dx = empty(x) if need[0] else None
    given = array(dy), array(x), array(mean), array(rstd), parameter(weight)
    needs = need[0], need[1], need[2]
    _, dweight, dbias = functional.batch_norm_backward(*given, training=training, need=needs, out=optional(dx))
    return dx, optional_tensor(dweight), optional_tensor(dbias)


def move(running: Sequence[Optional], batch: Sequence[Tensor], momentum: float) -> None:
    """Move running statistics, where there are any, towards those of a batch.

    These have been rounded before: the lane, which moves them itself, rounds once, and may differ in the last digit.
    """
    with torch.no_grad():
        for moved, of_batch in zip(running, batch, strict=True):
            if moved is not None:
                moved.copy_(moved.double().mul(1 - momentum).add_(of_batch, alpha=momentum))
