"""Operators of the norms over trailing axes: LayerNorm, RMSNorm, and either of a sum with a residual.

One pair of operators serves the four. What a norm does not have (a mean, a sum) is an empty tensor.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .. import functional
from .._dtypes import Array
from ._arrays import array, beside_bias, empty, optional, or_empty, parameter, statistics_dtype, tensor
from ._channels import dense
from ._formulas import differentiated, gradients
from ._operators import define, differentiable

Optional = Tensor | None
Forward = tuple[Tensor, Tensor, Tensor, Tensor]
Gradients = tuple[Tensor, Tensor, Tensor]


def _forward(*args: Any) -> Forward:
    y, summed, saved = _normalized("_forward", *args)
    *mean, rstd = map(tensor, saved)
    rstd = rstd.contiguous()  # RMSNorm's lies as x does
    return y, y.new_empty(0) if summed is None else summed, mean[0] if mean else y.new_empty(0), rstd


def _inference(*args: Any) -> tuple[Tensor, Optional]:
    return _normalized("", *args)[:2]


def _normalized(
    way: str,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float,
    centred: bool,
) -> tuple[Tensor, Optional, Sequence[Array]]:
    """Return y, the sum if there is one, and the statistics if this way saves them."""
    x = _lying(x, centred or residual is not None)
    y = empty(x)
    name = ("layer_norm" if centred else "rms_norm") + way
    options = parameter(weight), *((parameter(bias),) if centred else ()), eps
    if residual is None:
        _, *saved = _several(getattr(functional, name)(array(x), tuple(shape), *options, out=array(y)))
        return y, None, saved
    add = getattr(functional, f"add_{name}")
    _, summed, *saved = add(array(x), array(residual), tuple(shape), *options, out=array(y))
    return y, tensor(summed), saved


def _lying(x: Tensor, in_order: bool) -> Tensor:
    """Return `x` as results will lie: in order; but RMSNorm's as `x` does, if that is with its channels last."""
    return x.contiguous() if in_order else dense(x)


def _several(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def _forward_fake(
    x: Tensor, residual: Optional, shape: Sequence[int], weight: Optional, bias: Optional, eps: float, centred: bool
) -> Forward:
    rstd = x.new_empty((*x.shape[: -len(shape)], *(1 for _ in shape)), dtype=statistics_dtype(x))
    summed = x.new_empty(0 if residual is None else x.shape)
    y = torch.empty_like(_lying(x, centred or residual is not None))
    return y, summed, torch.empty_like(rstd) if centred else x.new_empty(0), rstd


def _backward(
    dy: Tensor,
    x: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients:
    x, dy = _lying(x, centred), dy.contiguous()
    dx = empty(x) if need[0] else None
    statistics = (array(mean), array(rstd)) if centred else (array(rstd),)
    needs = tuple(need) if centred else tuple(need[:2])
    axis = tuple(axes) if weight is None else None  # a weight tells them, and calls that need no axis are quicker
    name = "layer_norm_backward" if centred else "rms_norm_backward"
    given = array(dy), array(x), *statistics, parameter(weight)
    if dsummed is None:
        results = getattr(functional, name)(*given, axis=axis, need=needs, out=optional(dx))
    else:
        results = getattr(functional, f"add_{name}")(
            *given, dsummed=array(dsummed.contiguous()), need=needs, out=optional(dx)
        )
    _, dweight, *dbias = results
    return x.new_empty(0) if dx is None else dx, or_empty(dweight, x), or_empty(dbias[0] if dbias else None, x)


def _backward_fake(
    dy: Tensor,
    x: Tensor,
    mean: Tensor,
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


_row_norm = define(
    "row_norm",
    "(Tensor x, Tensor? residual, SymInt[] shape, Tensor? weight, Tensor? bias, float eps, bool centred)"
    " -> (Tensor y, Tensor summed, Tensor mean, Tensor rstd)",
    _forward,
    _forward_fake,
)
_row_norm_backward = define(
    "row_norm_backward",
    "(Tensor dy, Tensor x, Tensor mean, Tensor rstd, Tensor? weight, Tensor? dsummed, int[] axes, bool centred,"
    " bool[3] need) -> (Tensor dx, Tensor dweight, Tensor dbias)",
    _backward,
    _backward_fake,
)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Forward) -> None:
    x, residual, shape, weight, bias, ctx.eps, ctx.centred = inputs
    _, summed, mean, rstd = output
    ctx.axes = tuple(range(-len(shape), 0))
    ctx.added, ctx.bias_dtype = residual is not None, None if bias is None else bias.dtype
    ctx.mark_non_differentiable(mean, rstd)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(summed if ctx.added else x, mean, rstd, weight)


def _gradients(ctx: Any, dy: Optional, dsummed: Optional, *_: Any) -> tuple[Optional, ...]:
    x, mean, rstd, weight = ctx.saved_tensors
    dsummed = dsummed if ctx.added else None
    need = ctx.needs_input_grad[0] or ctx.needs_input_grad[1], *ctx.needs_input_grad[3:5]
    if dy is None:
        dx, dweight, dbias = dsummed, None, None
    elif differentiated():
        leading = tuple(range(x.dim() - len(ctx.axes)))
        dx, dweight, dbias = gradients(dy, x, weight, ctx.eps, ctx.axes, leading, centred=ctx.centred)
        dx = dx if dsummed is None else dx + dsummed
    else:
        weight = beside_bias(weight, ctx.bias_dtype, x, x.shape[-len(ctx.axes) :])
        dx, dweight, dbias = _row_norm_backward(dy, x, mean, rstd, weight, dsummed, ctx.axes, ctx.centred, need)
    dx = dx if need[0] else None
    return (
        dx if ctx.needs_input_grad[0] else None,
        dx if ctx.needs_input_grad[1] else None,
        None,
        dweight.to(weight.dtype) if need[1] and dweight is not None else None,
        dbias.to(ctx.bias_dtype) if need[2] and dbias is not None else None,
        None,
        None,
    )


row_norm = differentiable("row_norm", _row_norm, _inference, _gradients, _keep)
