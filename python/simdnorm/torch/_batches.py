"""Operators of BatchNorm: by the statistics of the batch, and by running ones, which are constants."""

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
Forward = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def _forward(x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    x = dense(x)
    y = empty(x)
    # With momentum 1 the running statistics become the batch's: its mean and its unbiased variance.
    batch_mean = x.new_zeros(x.shape[1], dtype=statistics_dtype(x))
    batch_var = torch.zeros_like(batch_mean)
    running = array(batch_mean), array(batch_var), 1.0
    _, mean, rstd = functional.batch_norm_forward(
        array(x), parameter(weight), parameter(bias), *running, eps, out=array(y)
    )
    return y, tensor(mean), tensor(rstd), batch_mean, batch_var


def _forward_fake(x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    mean = x.new_empty(x.shape[1], dtype=statistics_dtype(x))
    rstd, batch_mean, batch_var = (torch.empty_like(mean) for _ in range(3))
    return torch.empty_like(dense(x)), mean, rstd, batch_mean, batch_var


def _apply(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> Tensor:
    x = dense(x)
    y = empty(x)
    given = array(x), array(running_mean), array(running_var), parameter(weight), parameter(bias)
    functional.batch_norm(*given, eps=eps, out=array(y))
    return y


def _apply_fake(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> Tensor:
    return torch.empty_like(dense(x))


def _backward(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, training: bool, need: Sequence[bool]
) -> Three:
    x = dense(x)
    dx = empty(x) if need[0] else None
    given = array(dy), array(x), array(mean), array(rstd), parameter(weight)
    _, dweight, dbias = functional.batch_norm_backward(
        *given, training=training, need=(need[0], need[1], need[2]), out=optional(dx)
    )
    return x.new_empty(0) if dx is None else dx, or_empty(dweight, x), or_empty(dbias, x)


_batch_norm = define(
    "batch_norm",
    "(Tensor x, Tensor? weight, Tensor? bias, float eps)"
    " -> (Tensor y, Tensor mean, Tensor rstd, Tensor batch_mean, Tensor batch_var)",
    _forward,
    _forward_fake,
)
_batch_norm_apply = define(
    "batch_norm_apply",
    "(Tensor x, Tensor running_mean, Tensor running_var, Tensor? weight, Tensor? bias, float eps) -> Tensor y",
    _apply,
    _apply_fake,
)
_batch_norm_backward = define(
    "batch_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, bool training, bool[3] need)"
    " -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    backward_fake,
)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Forward) -> None:
    x, weight, bias, ctx.eps = inputs
    _, mean, rstd, *batch = output
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd, *batch)
    ctx.save_for_backward(x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    need = ctx.needs_input_grad[:3]
    dx, dweight, dbias = _either(dy, x, weight, ctx.bias_dtype, mean, rstd, need, ctx.eps)
    return dx, *_parameters(dweight, dbias, weight, ctx.bias_dtype, need), None


def _keep_applied(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, running_mean, running_var, weight, bias, ctx.eps = inputs
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.save_for_backward(x, running_mean, running_var, weight)


def _gradients_applied(ctx: Any, dy: Tensor) -> tuple[Optional, ...]:
    x, running_mean, running_var, weight = ctx.saved_tensors
    mean = running_mean.to(statistics_dtype(x))
    rstd = (running_var.double() + ctx.eps).rsqrt().to(statistics_dtype(x))
    need = ctx.needs_input_grad[0], *ctx.needs_input_grad[3:5]
    dx, dweight, dbias = _either(dy, x, weight, ctx.bias_dtype, mean, rstd, need, None)
    return dx, None, None, *_parameters(dweight, dbias, weight, ctx.bias_dtype, need), None


def _either(
    dy: Tensor,
    x: Tensor,
    weight: Optional,
    bias_dtype: torch.dtype | None,
    mean: Tensor,
    rstd: Tensor,
    need: Sequence[bool],
    eps: float | None,
) -> tuple[Optional, Tensor, Tensor]:
    """By the kernels, or by the formula where it will be differentiated; without eps, statistics are constants."""
    if differentiated():
        shared = (0, *range(2, x.dim()))
        weight_ = None if weight is None else _beside(weight, x)
        frozen = None if eps is not None else (_beside(mean, x), _beside(rstd, x))
        dx, dweight, dbias = gradients(dy, x, weight_, eps or 0.0, shared, shared, frozen=frozen)
    else:
        weight = beside_bias(weight, bias_dtype, x, x.shape[1:2])
        dx, dweight, dbias = _batch_norm_backward(dy, x, mean, rstd, weight, eps is not None, need)
    return dx if need[0] else None, dweight, dbias


def _beside(parameter: Tensor, x: Tensor) -> Tensor:
    return parameter.reshape(1, -1, *(1 for _ in x.shape[2:]))


def _parameters(
    dweight: Tensor, dbias: Tensor, weight: Optional, bias_dtype: torch.dtype | None, need: Sequence[bool]
) -> tuple[Optional, Optional]:
    return (
        dweight.to(weight.dtype) if need[1] and weight is not None else None,
        dbias.to(bias_dtype) if need[2] else None,
    )


batch_norm = differentiable("batch_norm", _batch_norm, _forward, _gradients, _keep)
batch_norm_apply = differentiable("batch_norm_apply", _batch_norm_apply, _apply, _gradients_applied, _keep_applied)
