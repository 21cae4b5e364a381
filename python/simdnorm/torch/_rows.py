"""Operators of the norms over trailing axes: LayerNorm, RMSNorm, and either of a sum with a residual.

One pair of operators serves the four. What a norm does not have (a mean, a sum) is an empty tensor to the dispatcher.
"""

from functools import partial
from typing import Any

from torch import Tensor

from ._arrays import beside_bias
from ._formulas import differentiated, gradients
from ._operators import Differentiable, define, eager
from ._row_kernels import backward, backward_fake, backward_lane, forward, forward_fake, forward_lane

Optional = Tensor | None

define(
    "row_norm",
    "(Tensor x, Tensor? residual, SymInt[] shape, Tensor? weight, Tensor? bias, float eps, bool centred)"
    " -> (Tensor y, Tensor summed, Tensor mean, Tensor rstd)",
    partial(forward, True),
    forward_fake,
)
define(
    "row_norm_backward",
    "(Tensor dy, Tensor x, Tensor? mean, Tensor rstd, Tensor? weight, Tensor? dsummed, int[] axes, bool centred,"
    " bool[3] need) -> (Tensor dx, Tensor dweight, Tensor dbias)",
    backward,
    backward_fake,
)
_row_norm_backward = eager("row_norm_backward", backward_lane, backward)


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
        dx, dweight, dbias = gradients(dy, x, weight, ctx.bias_dtype, ctx.eps, ctx.axes, leading, centred=ctx.centred)
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


row_norm = Differentiable("row_norm", 2, forward_lane, forward, _gradients, _keep)
