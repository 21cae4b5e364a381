"""Operators of BatchNorm: by the statistics of the batch, and by running ones, which are constants."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from .. import functional
from ._arrays import array, beside_bias, empty, optional, optional_tensor, parameter, statistics_dtype, tensor
from ._channels import Gradients, backward_fake, dense, lying_as
from ._formulas import differentiated, gradients
from ._lane import LANE, threads
from ._operators import Differentiable, define, eager
from ._threads import in_step

Optional = Tensor | None
Forward = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def _lane(
    keep: bool,
    x: Tensor,
    weight: Optional,
    bias: Optional,
    eps: float,
    running: Sequence[Optional] = (None, None),
    momentum: float = 0.0,
) -> Any:
    """Return y, and if they are kept the mean and rstd. Running statistics, where there are any, have moved."""
    results = LANE.batch_norm_forward(threads(), x, weight, bias, eps, *running, momentum, True, 1, None, keep, None)
    if results is None:
        return None
    if running[0] is not None:
        increment_version(running)
    return results if keep else (results,)


@in_step
def _kernel(_: bool, x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    """Return also the mean and the unbiased variance of the batch, for whoever moves running statistics."""
    x = dense(x)
    # With momentum 1 the running statistics become the batch's.
    batch = x.new_zeros(x.shape[1], dtype=statistics_dtype(x)), x.new_zeros(x.shape[1], dtype=statistics_dtype(x))
    results = _lane(True, x, weight, bias, eps, batch, 1.0)
    if results is None:
        y = empty(x)
        given = array(x), parameter(weight), parameter(bias), *map(array, batch), 1.0, eps
        _, *saved = functional.batch_norm_forward(*given, out=array(y))
        results = y, *map(tensor, saved)
    y, mean, rstd = results
    return y, mean, rstd, *batch


def _forward_fake(x: Tensor, weight: Optional, bias: Optional, eps: float) -> Forward:
    mean = x.new_empty(x.shape[1], dtype=statistics_dtype(x))
    rstd, batch_mean, batch_var = (torch.empty_like(mean) for _ in range(3))
    return torch.empty_like(dense(x)), mean, rstd, batch_mean, batch_var


def _apply_lane(
    keep: bool,
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Optional,
    bias: Optional,
    eps: float,
) -> Any:
    y = LANE.batch_norm_inference(threads(), x, running_mean, running_var, weight, bias, eps, 1, None, False, None)
    return None if y is None else (y,)


@in_step
def _apply(
    keep: bool, x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> tuple[Tensor]:
    x = dense(x)
    results: Any = _apply_lane(keep, x, running_mean, running_var, weight, bias, eps)
    if results is not None:
        return results
    y = empty(x)
    given = array(x), array(running_mean), array(running_var), parameter(weight), parameter(bias)
    functional.batch_norm(*given, eps=eps, out=array(y))
    return (y,)


def _apply_fake(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Optional, bias: Optional, eps: float
) -> Tensor:
    return torch.empty_like(dense(x))


def _backward_lane(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, training: bool, need: Sequence[bool]
) -> Any:
    return LANE.batch_norm_backward(threads(), dy, x, mean, rstd, weight, training, 1, None, tuple(need), None)


@in_step
def _backward(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Optional, training: bool, need: Sequence[bool]
) -> Gradients:
    x = dense(x)
    dy = lying_as(x, dy)
    results: Any = _backward_lane(dy, x, mean, rstd, weight, training, need)
    if results is not None:
        return results
    dx = empty(x) if need[0] else None
    given = array(dy), array(x), array(mean), array(rstd), parameter(weight)
    options = {"training": training, "need": (need[0], need[1], need[2]), "out": optional(dx)}
    _, dweight, dbias = functional.batch_norm_backward(*given, **options)
    return dx, optional_tensor(dweight), optional_tensor(dbias)


def move(running: Sequence[Optional], batch: Sequence[Tensor], momentum: float) -> None:
    """Move running statistics, where there are any, towards those of a batch, and round them once."""
    with torch.no_grad():
        for moved, of_batch in zip(running, batch, strict=True):
            if moved is not None:
                moved.copy_(moved.to(of_batch.dtype).mul(1 - momentum).add_(of_batch, alpha=momentum))


define(
    "batch_norm",
    "(Tensor x, Tensor? weight, Tensor? bias, float eps)"
    " -> (Tensor y, Tensor mean, Tensor rstd, Tensor batch_mean, Tensor batch_var)",
    partial(_kernel, True),
    _forward_fake,
)
define(
    "batch_norm_apply",
    "(Tensor x, Tensor running_mean, Tensor running_var, Tensor? weight, Tensor? bias, float eps) -> Tensor y",
    lambda *args: _apply(True, *args)[0],
    _apply_fake,
)
define(
    "batch_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, bool training, bool[3] need)"
    " -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    backward_fake,
)
_batch_norm_backward = eager("batch_norm_backward", _backward_lane, _backward)


def _keep(ctx: Any, inputs: Sequence[Any], output: Sequence[Tensor]) -> None:
    x, weight, bias, ctx.eps, *_ = inputs
    _, mean, rstd, *batch = output
    ctx.bias_dtype = None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd, *batch)
    ctx.save_for_backward(x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    need = ctx.needs_input_grad[:3]
    return *_either(dy, x, weight, ctx.bias_dtype, mean, rstd, need, ctx.eps), *(None for _ in ctx.needs_input_grad[3:])


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


batch_norm = Differentiable("batch_norm", 1, _lane, _kernel, _gradients, _keep)
batch_norm_apply = Differentiable("batch_norm_apply", 1, _apply_lane, _apply, _gradients_applied, _keep_applied)
