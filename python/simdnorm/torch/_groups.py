"""Operators of GroupNorm, and of InstanceNorm, whose groups are single channels."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .. import functional
from ._arrays import array, beside_bias, empty, optional, optional_tensor, parameter, statistics_dtype, tensor
from ._channels import Gradients, backward_fake, dense, lying_as
from ._formulas import differentiated, gradients
from ._lane import LANE, threads
from ._operators import Differentiable, define, eager
from ._threads import in_step

Optional = Tensor | None
Three = tuple[Tensor, Tensor, Tensor]


def _lane(keep: bool, x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Any:
    """Return y, and if they are kept the mean and rstd."""
    results = LANE.group_norm_forward(threads(), x, groups, weight, bias, eps, 1, None, keep, None)
    return results if keep or results is None else (results,)


@in_step
def _kernel(keep: bool, x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Any:
    x = dense(x)
    results = _lane(keep, x, groups, weight, bias, eps)
    if results is not None:
        return results
    y = empty(x)
    given = array(x), groups, parameter(weight), parameter(bias), eps
    if not keep:
        functional.group_norm(*given, out=array(y))
        return (y,)
    _, mean, rstd = functional.group_norm_forward(*given, out=array(y))
    return y, tensor(mean), tensor(rstd)


def _forward_fake(x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Three:
    mean = x.new_empty((x.shape[0], groups), dtype=statistics_dtype(x))
    return torch.empty_like(dense(x)), mean, torch.empty_like(mean)


def _backward_lane(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, groups: int, need: Sequence[bool]
) -> Any:
    return LANE.group_norm_backward(threads(), dy, x, groups, mean, rstd, weight, 1, None, tuple(need), None)


@in_step
def _backward(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, groups: int, need: Sequence[bool]
) -> Gradients:
    x = dense(x)
    dy = lying_as(x, dy)
    results: Gradients | None = _backward_lane(dy, x, mean, rstd, weight, groups, need)
    if results is not None:
        return results
    dx = empty(x) if need[0] else None
    given = array(dy), array(x), array(mean), array(rstd), groups, parameter(weight)
    _, dweight, dbias = functional.group_norm_backward(*given, need=(need[0], need[1], need[2]), out=optional(dx))
    return dx, optional_tensor(dweight), optional_tensor(dbias)


define(
    "group_norm",
    "(Tensor x, int groups, Tensor? weight, Tensor? bias, float eps) -> (Tensor y, Tensor mean, Tensor rstd)",
    partial(_kernel, True),
    _forward_fake,
)
define(
    "group_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, int groups, bool[3] need)"
    " -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    backward_fake,
)
_group_norm_backward = eager("group_norm_backward", _backward_lane, _backward)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Three) -> None:
    x, ctx.groups, weight, bias, ctx.eps = inputs
    _, mean, rstd = output
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd)
    ctx.save_for_backward(x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    of_x, _, of_weight, of_bias, *_ = ctx.needs_input_grad
    if differentiated():
        split = x.shape[0], ctx.groups, x.shape[1] // ctx.groups, *x.shape[2:]
        inner = tuple(range(3, len(split)))
        weight_ = None if weight is None else weight.reshape(1, *split[1:3], *(1 for _ in inner))
        dy_, x_ = dy.reshape(split), x.reshape(split)
        dx, *of_parameters = gradients(dy_, x_, weight_, ctx.bias_dtype, ctx.eps, (2, *inner), (0, *inner))
        dx = dx.reshape(x.shape)
        dweight, dbias = (None if each is None else each.reshape(-1) for each in of_parameters)
    else:
        weight = beside_bias(weight, ctx.bias_dtype, x, x.shape[1:2])
        need = of_x, of_weight, of_bias
        dx, dweight, dbias = _group_norm_backward(dy, x, mean, rstd, weight, ctx.groups, need)
    return dx if of_x else None, None, dweight if of_weight else None, dbias if of_bias else None, None


group_norm = Differentiable("group_norm", 1, _lane, _kernel, _gradients, _keep)
