"""The backward passes in PyTorch's own operations, which PyTorch can differentiate again.

They stand in for the kernels where a gradient is itself to be differentiated. The closed form is that of docs/math.md:

    dx = rstd * (g - mean(g) - xhat * mean(g * xhat))    with g = weight * dy

without mean(g) where the mean was not taken away (RMSNorm), and g * rstd alone where statistics are constants.
"""

import torch
from torch import Tensor
from torch.autograd import forward_ad

Gradients = tuple[Tensor, Tensor | None, Tensor | None]


def forward_mode() -> bool:
    """Whether tensors may carry tangents, which the kernels would lose: PyTorch's own functions carry them on."""
    level: int = forward_ad._current_level
    return level >= 0


def differentiated() -> bool:
    """Whether a gradient that is computed now may itself be differentiated."""
    return torch.is_grad_enabled() or forward_mode()


def gradients(
    dy: Tensor,
    x: Tensor,
    weight: Tensor | None,
    bias_dtype: torch.dtype | None,
    eps: float,
    reduced: tuple[int, ...],
    shared: tuple[int, ...],
    *,
    centred: bool = True,
    frozen: tuple[Tensor, Tensor] | None = None,
) -> Gradients:
    """Return dx, and dweight and dbias in the shape of `weight` seen beside `x`; None of a parameter that is not there.

    Statistics go over the axes `reduced`, or are the `frozen` mean and rstd; a parameter is `shared` along others.
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    dy_, x_ = dy.to(wide), x.to(wide)
    if frozen is None:
        mean = x_.mean(reduced, keepdim=True) if centred else x_.new_zeros(())
        rstd = ((x_ - mean).square().mean(reduced, keepdim=True) + eps).rsqrt()
    else:
        mean, rstd = frozen
    xhat = (x_ - mean) * rstd
    g = dy_ if weight is None else dy_ * weight.to(wide)
    if frozen is None:
        dx = g - xhat * (g * xhat).mean(reduced, keepdim=True)
        dx = rstd * (dx - g.mean(reduced, keepdim=True) if centred else dx)
    else:
        dx = rstd * g
    dweight, dbias = dy_ * xhat, dy_
    if shared:
        dweight, dbias = dweight.sum(shared), dbias.sum(shared)
    return (
        dx.to(x.dtype),
        None if weight is None else dweight.to(weight.dtype),
        None if bias_dtype is None else dbias.to(bias_dtype),
    )
