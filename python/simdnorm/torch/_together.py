"""BatchNorm by the statistics of several processes: what each of them computes, and what they tell each other."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import functional as arrays
from ._arrays import array, empty, parameter, tensor
from ._channels import dense
from ._processes import Processes
from ._threads import in_step

Optional = Tensor | None


class Together(torch.autograd.Function):
    """Return y, and the mean and the unbiased variance of the whole batch."""

    @staticmethod
    @in_step
    def forward(
        ctx: Any, x: Tensor, weight: Optional, bias: Optional, eps: float, group: Processes
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = dense(x)
        x_, y = array(x), empty(x)
        own = np.concatenate(arrays.batch_norm_stats(x_), dtype=np.float64)
        shares = [piece.reshape(3, -1) for piece in group.gather(own)]
        count, mean, m2 = arrays.merge_stats(*((n.astype(np.int64), mean, m2) for n, mean, m2 in shares))
        if not (count > 1).all():
            raise ValueError(f"expected more than 1 value per channel in all processes, got {count.min()}")
        rstd = 1 / np.sqrt(m2 / count + eps)
        arrays.batch_norm_apply(x_, mean, rstd, parameter(weight), parameter(bias), out=array(y))
        ctx.save_for_backward(x, weight)
        ctx.statistics, ctx.group = (count, mean, rstd), group
        ctx.bias_dtype = None if bias is None else bias.dtype
        of_all = tensor(mean), tensor(m2 / (count - 1))
        ctx.mark_non_differentiable(*of_all)
        return y, *of_all

    @staticmethod
    @torch.autograd.function.once_differentiable
    @in_step
    def backward(ctx: Any, dy: Tensor, *_: Any) -> tuple[Optional, ...]:
        x, weight = ctx.saved_tensors
        count, mean, rstd = ctx.statistics
        x_, dy_ = array(x), array(dy)
        own = arrays.batch_norm_backward_sums(dy_, x_, mean, rstd)
        # In the order of the ranks: a reduction's own order would be the network's.
        sum_dy, sum_dy_xhat = sum(ctx.group.gather(np.concatenate(own))).reshape(2, -1)
        dx = None
        if ctx.needs_input_grad[0]:
            dx = empty(x)
            given = dy_, x_, mean, rstd, parameter(weight), sum_dy, sum_dy_xhat, count
            arrays.batch_norm_backward_apply(*given, out=array(dx))
        dbias, dweight = (tensor(a) for a in own)
        return (
            dx,
            dweight.to(weight.dtype) if weight is not None and ctx.needs_input_grad[1] else None,
            dbias.to(ctx.bias_dtype) if ctx.bias_dtype is not None and ctx.needs_input_grad[2] else None,
            None,
            None,
        )
