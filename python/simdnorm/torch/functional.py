"""The norms as functions of tensors: `torch.nn.functional`'s names, arguments and results, on simdnorm's kernels."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as native

from ._batches import batch_norm as _batch_norm
from ._batches import batch_norm_apply as _batch_norm_apply
from ._fit import fits, fits_channels, pays
from ._groups import group_norm as _group_norm
from ._rows import row_norm as _row_norm

Optional = Tensor | None


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    bias: Optional = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize the trailing axes, as `torch.nn.functional.layer_norm` does.

    What the kernels are not for (other devices and dtypes, nothing to normalize) goes to PyTorch's own function.
    """
    if not (pays(input, "layer_norm") and fits(input, normalized_shape, weight, bias)):
        return native.layer_norm(input, normalized_shape, weight, bias, eps)
    y: Tensor = _row_norm(input, None, normalized_shape, weight, bias, eps, True)[0]
    return y


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Optional = None, eps: float | None = None
) -> Tensor:
    """Divide by the root of the mean square, as `torch.nn.functional.rms_norm` does."""
    if not (pays(input, "rms_norm") and fits(input, normalized_shape, weight)):
        return native.rms_norm(input, normalized_shape, weight, eps)
    eps = _epsilon(input) if eps is None else eps
    y: Tensor = _row_norm(input, None, normalized_shape, weight, None, eps, False)[0]
    return y


def add_layer_norm(
    input: Tensor,
    residual: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    bias: Optional = None,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor]:
    """Return the norm of ``input + residual``, and that sum."""
    fit = pays(input, "add_layer_norm", residual)
    if not (fit and fits(input, normalized_shape, weight, bias, beside=residual)):
        summed = input + residual
        return native.layer_norm(summed, normalized_shape, weight, bias, eps), summed
    y, summed, *_ = _row_norm(input, residual, normalized_shape, weight, bias, eps, True)
    return y, summed


def add_rms_norm(
    input: Tensor,
    residual: Tensor,
    normalized_shape: Sequence[int],
    weight: Optional = None,
    eps: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the RMS norm of ``input + residual``, and that sum."""
    fit = pays(input, "add_rms_norm", residual)
    if not (fit and fits(input, normalized_shape, weight, beside=residual)):
        summed = input + residual
        return native.rms_norm(summed, normalized_shape, weight, eps), summed
    eps = _epsilon(input) if eps is None else eps
    y, summed, *_ = _row_norm(input, residual, normalized_shape, weight, None, eps, False)
    return y, summed


def group_norm(
    input: Tensor, num_groups: int, weight: Optional = None, bias: Optional = None, eps: float = 1e-5
) -> Tensor:
    """Normalize groups of channels of each sample, as `torch.nn.functional.group_norm` does."""
    fit = pays(input, "group_norm") and fits_channels(input, weight, bias)
    # Of groups of one value each PyTorch says what is wrong.
    if not fit or num_groups < 1 or input.shape[1] % num_groups or input.numel() == num_groups:
        return native.group_norm(input, num_groups, weight, bias, eps)
    y: Tensor = _group_norm(input, num_groups, weight, bias, eps)[0]
    return y


def batch_norm(
    input: Tensor,
    running_mean: Optional,
    running_var: Optional,
    weight: Optional = None,
    bias: Optional = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel over all samples, as `torch.nn.functional.batch_norm` does."""
    running = running_mean, running_var
    name = "batch_norm" if training else "batch_norm in evaluation"
    fit = pays(input, name) and fits_channels(input, weight, bias) and fits_channels(input, *running)
    if training:
        fit = fit and input.numel() > input.shape[1] and (running_mean is None) == (running_var is None)
    if not fit or (not training and (running_mean is None or running_var is None)):
        return native.batch_norm(input, *running, weight, bias, training, momentum, eps)
    if not training:
        applied: Tensor = _batch_norm_apply(input, *running, weight, bias, eps)
        return applied
    y: Tensor
    y, _, _, *batch = _batch_norm(input, weight, bias, eps)
    move(running, batch, momentum)
    return y


def move(running: Sequence[Optional], batch: Sequence[Tensor], momentum: float) -> None:
    """Move running statistics, where there are any, towards those of a batch, and round them once."""
    with torch.no_grad():
        for moved, of_batch in zip(running, batch, strict=True):
            if moved is not None:
                moved.copy_(moved.to(of_batch.dtype).mul(1 - momentum).add_(of_batch, alpha=momentum))


def instance_norm(
    input: Tensor,
    running_mean: Optional = None,
    running_var: Optional = None,
    weight: Optional = None,
    bias: Optional = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each sample, as `torch.nn.functional.instance_norm` does."""
    if not use_input_stats and running_mean is not None and running_var is not None:
        return batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    alone = running_mean is None and running_var is None and use_input_stats
    fit = alone and pays(input, "group_norm") and fits_channels(input, weight, bias)
    if not (fit and input[:1, :1].numel() > 1):
        arguments = weight, bias, use_input_stats, momentum, eps
        return native.instance_norm(input, running_mean, running_var, *arguments)
    y: Tensor = _group_norm(input, input.shape[1], weight, bias, eps)[0]
    return y


def _epsilon(x: Tensor) -> float:
    """What PyTorch takes for None: in 16 bits it computes in float32, and takes its."""
    return torch.finfo(torch.promote_types(x.dtype, torch.float32)).eps
