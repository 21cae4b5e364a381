"""Operators of GroupNorm, and of InstanceNorm, whose groups are single channels."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .. import functional
from ._arrays import array, beside_bias, empty, optional, or_empty, parameter, statistics_dtype, tensor
from ._channels import backward_fake, dense
from ._formulas import differentiated, gradients
from ._operators import define, differentiable

Optional = Tensor | None
Three = tuple[Tensor, Tensor, Tensor]


def _forward(x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Three:
    x = dense(x)
    y = empty(x)
    parameters = parameter(weight), parameter(bias), eps
    _, mean, rstd = functional.group_norm_forward(array(x), groups, *parameters, out=array(y))
    return y, tensor(mean), tensor(rstd)


def _inference(x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> tuple[Tensor]:
    x = dense(x)
    y = empty(x)
    functional.group_norm(array(x), groups, parameter(weight), parameter(bias), eps, out=array(y))
    return (y,)


def _forward_fake(x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Three:
    mean = x.new_empty((x.shape[0], groups), dtype=statistics_dtype(x))
    return torch.empty_like(dense(x)), mean, torch.empty_like(mean)


def _backward(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, groups: int, need: Sequence[bool]
) -> Three:
    x = dense(x)
    dx = empty(x) if need[0] else None
    given = array(dy), array(x), array(mean), array(rstd), groups, parameter(weight)
    _, dweight, dbias = functional.group_norm_backward(*given, need=(need[0], need[1], need[2]), out=optional(dx))
    return x.new_empty(0) if dx is None else dx, or_empty(dweight, x), or_empty(dbias, x)


_group_norm = define(
    "group_norm",
    "(Tensor x, int groups, Tensor? weight, Tensor? bias, float eps) -> (Tensor y, Tensor mean, Tensor rstd)",
    _forward,
    _forward_fake,
)
_group_norm_backward = define(
    "group_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, int groups, bool[3] need)"
    " -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    backward_fake,
)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Three) -> None:
    x, ctx.groups, weight, bias, ctx.eps = inputs
    _, mean, rstd = output
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd)
    ctx.save_for_backward(x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    need = ctx.needs_input_grad[0], *ctx.needs_input_grad[2:4]
    if differentiated():
        split = x.shape[0], ctx.groups, x.shape[1] // ctx.groups, *x.shape[2:]
        inner = tuple(range(3, len(split)))
        weight_ = None if weight is None else weight.reshape(1, *split[1:3], *(1 for _ in inner))
        dy_, x_ = dy.reshape(split), x.reshape(split)
        dx, dweight, dbias = gradients(dy_, x_, weight_, ctx.eps, (2, *inner), (0, *inner))
        dx, dweight, dbias = dx.reshape(x.shape), dweight.reshape(-1), dbias.reshape(-1)
    else:
        weight = beside_bias(weight, ctx.bias_dtype, x, x.shape[1:2])
        dx, dweight, dbias = _group_norm_backward(dy, x, mean, rstd, weight, ctx.groups, need)
    return (
        dx if need[0] else None,
        None,
        dweight.to(weight.dtype) if need[1] else None,
        dbias.to(ctx.bias_dtype) if need[2] else None,
        None,
    )


group_norm = differentiable("group_norm", _group_norm, _inference, _gradients, _keep)
