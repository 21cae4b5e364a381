"""Operators of BatchNorm: by the statistics of the batch, and by running ones, which are constants."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ._arrays import beside_bias, statistics_dtype
from ._batch_kernels import apply, apply_fake, apply_lane, backward, backward_lane, forward, forward_fake, forward_lane
from ._channels import Gradients, backward_fake
from ._formulas import differentiated, gradients
from ._operators import Differentiable, define, eager

Optional = Tensor | None

define(
    "batch_norm",
    "(Tensor x, Tensor? weight, Tensor? bias, float eps)"
    " -> (Tensor y, Tensor mean, Tensor rstd, Tensor batch_mean, Tensor batch_var)",
    partial(forward, True),
    forward_fake,
)
define(
    "batch_norm_apply",
    "(Tensor x, Tensor running_mean, Tensor running_var, Tensor? weight, Tensor? bias, float eps) -> Tensor y",
    lambda *args: apply(True, *args)[0],
    apply_fake,
)
define(
    "batch_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, bool training, bool[3] need)"
    " -> (Tensor dx, Tensor dweight, Tensor dbias)",
    backward,
    backward_fake,
)
_batch_norm_backward = eager("batch_norm_backward", backward_lane, backward)


def _keep(ctx: Any, inputs: Sequence[Any], output: Sequence[Tensor]) -> None:
    x, weight, bias, ctx.eps, *_ = inputs
    _, mean, rstd, *batch = output
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd, *batch)
    ctx.save_for_backward(x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    need = ctx.needs_input_grad[:3]
    return *_either(dy, x, weight, ctx.bias_dtype, mean, rstd, need, ctx.eps), None


def _keep_applied(ctx: Any, inputs: Sequence[Any], output: Any) -> None:
    x, running_mean, running_var, weight, bias, ctx.eps = inputs
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.save_for_backward(x, running_mean, running_var, weight)


def _gradients_applied(ctx: Any, dy: Tensor) -> tuple[Optional, ...]:
    x, running_mean, running_var, weight = ctx.saved_tensors
    mean = running_mean.to(statistics_dtype(x))
    rstd = (running_var.double() + ctx.eps).rsqrt().to(statistics_dtype(x))
    of_x, _, _, of_weight, of_bias, *_ = ctx.needs_input_grad
    need = of_x, of_weight, of_bias
    dx, dweight, dbias = _either(dy, x, weight, ctx.bias_dtype, mean, rstd, need, None)
    return dx, None, None, dweight, dbias, None


def _either(
    dy: Tensor,
    x: Tensor,
    weight: Optional,
    bias_dtype: torch.dtype | None,
    mean: Tensor,
    rstd: Tensor,
    need: Sequence[bool],
    eps: float | None,
) -> Gradients:
    """By the kernels, or by the formula where it will be differentiated; without eps, statistics are constants."""
    if differentiated():
        shared = (0, *range(2, x.dim()))
        weight_ = None if weight is None else _beside(weight, x)
        frozen = None if eps is not None else (_beside(mean, x), _beside(rstd, x))
        of_all = gradients(dy, x, weight_, bias_dtype, eps or 0.0, shared, shared, frozen=frozen)
    else:
        weight = beside_bias(weight, bias_dtype, x, x.shape[1:2])
        of_all = _batch_norm_backward(dy, x, mean, rstd, weight, eps is not None, need)
    dx, dweight, dbias = (gradient if needed else None for gradient, needed in zip(of_all, need, strict=True))
    return dx, dweight, dbias


def _beside(parameter: Tensor, x: Tensor) -> Tensor:
    return parameter.reshape(1, -1, *(1 for _ in x.shape[2:]))


batch_norm = Differentiable("batch_norm", 1, forward_lane, forward, _gradients, _keep)
batch_norm_apply = Differentiable("batch_norm_apply", 1, apply_lane, apply, _gradients_applied, _keep_applied)
