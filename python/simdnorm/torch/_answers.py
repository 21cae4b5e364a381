"""What simdnorm answers: each function computes by the kernels, or returns None for PyTorch's own function to answer.

The lane is tried first, which looks for itself at what it is given; what it leaves is looked at here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ._batch_kernels import move
from ._batches import batch_norm, batch_norm_apply
from ._channels import channels_last
from ._fit import fits, fits_channels, pays
from ._groups import group_norm
from ._rows import row_norm

Optional = Tensor | None
Running = tuple[Optional, Optional]


def by_row(
    norm: str,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float | None,
    centred: bool,
) -> tuple[Tensor, ...] | None:
    """Return y and the sum; `norm` is a name of `SMALLEST`."""
    if not pays(x, norm, residual):
        return None
    eps = _epsilon(x) if eps is None else eps
    given = x, residual, shape, weight, bias, eps, centred
    results: tuple[Tensor, ...] | None = row_norm.express(*given)
    if results is None and fits(x, shape, weight, bias, beside=residual):
        results = row_norm(*given)
    return results


def by_group(x: Tensor, groups: int, weight: Optional, bias: Optional, eps: float) -> Optional:
    # Of groups of one value, and of channels that they do not divide, PyTorch says what is wrong.
    if not pays(x, "group_norm") or x.dim() < 2 or groups < 1 or x.shape[1] % groups or x.numel() == groups:
        return None
    given = x, groups, weight, bias, eps
    results = group_norm.express(*given)
    if results is None and fits_channels(x, weight, bias):
        results = group_norm(*given)
    return None if results is None else results[0]


def by_batch(x: Tensor, running: Running, weight: Optional, bias: Optional, momentum: float, eps: float) -> Optional:
    if not pays(x, _kind_of_batch(x)):
        return None
    given = x, weight, bias, eps
    results = batch_norm.express(*given, running, momentum)
    if results is None:
        fit = fits_channels(x, weight, bias) and fits_channels(x, *running) and _both_or_none(running)
        if not fit or x.numel() <= x.shape[1]:
            return None
        results = batch_norm(*given)
        move(running, results[3:], momentum)
    y: Tensor = results[0]
    return y


def by_constants(x: Tensor, running: Running, weight: Optional, bias: Optional, eps: float) -> Optional:
    mean, var = running
    if mean is None or var is None or not pays(x, "batch_norm in evaluation"):
        return None
    given = x, mean, var, weight, bias, eps
    results = batch_norm_apply.express(*given)
    if results is None and fits_channels(x, weight, bias) and fits_channels(x, mean, var):
        results = batch_norm_apply(*given)
    return None if results is None else results[0]


def by_instance(x: Tensor, running: Running, weight: Optional, bias: Optional, momentum: float, eps: float) -> Optional:
    if not pays(x, "group_norm") or x.shape[2:].numel() <= 1:  # PyTorch says that one value is too few
        return None
    if not _both_or_none(running):
        return None
    if running[0] is None:
        return by_group(x, x.shape[1], weight, bias, eps)
    if not (fits_channels(x, weight, bias) and fits_channels(x, *running)):
        return None
    # Every channel of every sample is a channel of a single sample, which has statistics to move by.
    samples, channels, *rest = x.shape
    parameters = (None if p is None else p.repeat(samples) for p in (weight, bias))
    y: Tensor
    y, _, _, *batch = batch_norm(x.reshape(1, samples * channels, *rest), *parameters, eps)
    move(running, [of_each.view(samples, channels).mean(0) for of_each in batch], momentum)
    return y.view(x.shape)


def _kind_of_batch(x: Tensor) -> str:
    if not isinstance(x, Tensor):  # but what stands for one in a trace
        return "batch_norm"
    if channels_last(x):
        return "batch_norm, channels last"
    return "batch_norm, 16 bits" if x.itemsize == 2 else "batch_norm"


def _both_or_none(running: Running) -> bool:
    return (running[0] is None) == (running[1] is None)


def _epsilon(x: Tensor) -> float:
    """What PyTorch takes for None: in 16 bits it computes in float32, and takes its."""
    return torch.finfo(torch.promote_types(x.dtype, torch.float32)).eps
