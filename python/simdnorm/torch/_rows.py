"""Operators of the norms over trailing axes: LayerNorm, RMSNorm, and either of a sum with a residual.

One pair of operators serves the four. What a norm does not have (a mean, a sum) is None, to the dispatcher an empty
tensor.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .. import functional
from ._arrays import array, beside_bias, empty, optional, optional_tensor, parameter, statistics_dtype, tensor
from ._channels import dense
from ._formulas import differentiated, gradients
from ._lane import LANE, threads
from ._operators import Differentiable, define, eager
from ._threads import in_step

Optional = Tensor | None
Gradients = tuple[Optional, Optional, Optional]

# By whether the mean is taken away, and whether a residual is added first.
_NAMES = {
    (True, False): "layer_norm",
    (False, False): "rms_norm",
    (True, True): "add_layer_norm",
    (False, True): "add_rms_norm",
}
_FORWARD_LANES = {key: getattr(LANE, f"{name}_forward") for key, name in _NAMES.items()}
_BACKWARD_LANES = {key: getattr(LANE, f"{name}_backward") for key, name in _NAMES.items()}


def _lane(
    keep: bool,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float,
    centred: bool,
) -> Any:
    """Return y and the sum, and if they are kept the mean and rstd."""
    added = residual is not None
    summands = (x, residual) if added else (x,)
    parameters = (weight, bias) if centred else (weight,)
    results = _FORWARD_LANES[centred, added](
        threads(), *summands, *parameters, eps, tuple(shape), None, keep, None
    )
    return None if results is None else _placed(results, keep, added, centred)


@in_step
def _kernel(
    keep: bool,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float,
    centred: bool,
) -> Any:
    x = _lying(x, centred or residual is not None)
    if residual is not None:
        residual = residual.contiguous()
    results = _lane(keep, x, residual, shape, weight, bias, eps, centred)
    if results is not None:
        return results
    y = empty(x)
    norm = getattr(functional, _NAMES[centred, residual is not None] + ("_forward" if keep else ""))
    summands = array(x), *(() if residual is None else (array(residual),))
    parameters = parameter(weight), *((parameter(bias),) if centred else ())
    results = norm(*summands, tuple(shape), *parameters, eps, out=array(y))
    _, *others = results if isinstance(results, tuple) else (results,)
    # RMSNorm's rstd lies as x does.
    return _placed((y, *(tensor(a).contiguous() for a in others)), keep, residual is not None, centred)


def _lying(x: Tensor, in_order: bool) -> Tensor:
    """Return `x` as results will lie: in order; but RMSNorm's as `x` does, if that is with its channels last."""
    return x.contiguous() if in_order else dense(x)


def _placed(results: Any, keep: bool, added: bool, centred: bool) -> tuple[Optional, ...]:
    """Return y, the sum, mean and rstd, each in its place."""
    y, *others = results if isinstance(results, tuple) else (results,)
    summed = others.pop(0) if added else None
    if not keep:
        return y, summed
    return y, summed, others.pop(0) if centred else None, others[0]


def _forward_fake(
    x: Tensor, residual: Optional, shape: Sequence[int], weight: Optional, bias: Optional, eps: float, centred: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rstd = x.new_empty((*x.shape[: -len(shape)], *(1 for _ in shape)), dtype=statistics_dtype(x))
    summed = x.new_empty(0 if residual is None else x.shape)
    y = torch.empty_like(_lying(x, centred or residual is not None))
    return y, summed, torch.empty_like(rstd) if centred else x.new_empty(0), rstd


def _backward_lane(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients | None:
    added = dsummed is not None
    statistics = (mean, rstd) if centred else (rstd,)
    beside = (weight, dsummed) if added else (weight,)
    axis = tuple(axes) if weight is None and len(axes) > 1 else None  # else it is found, which is quicker
    results: Any = _BACKWARD_LANES[centred, added](
        threads(), dy, x, *statistics, *beside, axis, tuple(need if centred else need[:2]), None
    )
    return results if centred or results is None else (*results, None)


@in_step
def _backward(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients:
    x, dy = _lying(x, centred), dy.contiguous()
    if dsummed is not None:
        dsummed = dsummed.contiguous()
    results = _backward_lane(dy, x, mean, rstd, weight, dsummed, axes, centred, need)
    if results is not None:
        return results
    dx = empty(x) if need[0] else None
    statistics = (optional(mean), array(rstd)) if centred else (array(rstd),)
    options = {"need": tuple(need if centred else need[:2]), "out": optional(dx)}
    if dsummed is not None:
        options["dsummed"] = array(dsummed)
    elif weight is None:
        options["axis"] = tuple(axes)  # a weight tells them
    backward = getattr(functional, _NAMES[centred, dsummed is not None] + "_backward")
    _, *of_parameters = backward(array(dy), array(x), *statistics, parameter(weight), **options)
    dweight, dbias, *_ = *map(optional_tensor, of_parameters), None
    return dx, dweight, dbias


def _backward_fake(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients:
    like = x if weight is None else weight
    shape = [x.shape[axis] for axis in axes]
    return (
        torch.empty_like(_lying(x, centred)) if need[0] else x.new_empty(0),
        like.new_empty(shape if need[1] and weight is not None else 0),
        like.new_empty(shape if need[2] and centred else 0),
    )


define(
    "row_norm",
    "(Tensor x, Tensor? residual, SymInt[] shape, Tensor? weight, Tensor? bias, float eps, bool centred)"
    " -> (Tensor y, Tensor summed, Tensor mean, Tensor rstd)",
    partial(_kernel, True),
    _forward_fake,
)
define(
    "row_norm_backward",
    "(Tensor dy, Tensor x, Tensor? mean, Tensor rstd, Tensor? weight, Tensor? dsummed, int[] axes, bool centred,"
    " bool[3] need) -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    _backward_fake,
)
_row_norm_backward = eager("row_norm_backward", _backward_lane, _backward)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
    x, residual, shape, weight, bias, ctx.eps, ctx.centred = inputs
    _, summed, mean, rstd = output
    ctx.axes = tuple(range(-len(shape), 0))
    ctx.added, ctx.bias_dtype = residual is not None, None if bias is None else bias.dtype
    ctx.mark_non_differentiable(*(statistic for statistic in (mean, rstd) if statistic is not None))
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(summed if ctx.added else x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Optional, dsummed: Optional, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    dsummed = dsummed if ctx.added else None
    of_x, of_residual, _, of_weight, of_bias, *_ = ctx.needs_input_grad
    need = of_x or of_residual, of_weight, of_bias
    if dy is None:
        dx, dweight, dbias = dsummed, None, None
    elif differentiated():
        leading = tuple(range(x.dim() - len(ctx.axes)))
        dx, dweight, dbias = gradients(
            dy, x, weight, ctx.bias_dtype, ctx.eps, ctx.axes, leading, centred=ctx.centred
        )
        dx = dx if dsummed is None else dx + dsummed
    else:
        weight = beside_bias(weight, ctx.bias_dtype, x, x.shape[-len(ctx.axes) :])
        dx, dweight, dbias = _row_norm_backward(dy, x, mean, rstd, weight, dsummed, ctx.axes, ctx.centred, need)
    return (
        dx if of_x else None,
        dx if of_residual else None,
        None,
        dweight if of_weight else None,
        dbias if of_bias else None,
        None,
        None,
    )


row_norm = Differentiable("row_norm", 2, _lane, _kernel, _gradients, _keep)
