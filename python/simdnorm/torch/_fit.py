"""Which calls simdnorm's kernels answer; PyTorch's own functions answer the rest."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ._arrays import DTYPES


def fits(x: Tensor, shape: Sequence[int], *parameters: Tensor | None, beside: Tensor | None = None) -> bool:
    """Whether this is a norm over trailing axes of `shape` that the kernels take."""
    trailing = tuple(shape)
    if not (_plain(x) and 0 < len(trailing) <= x.dim() and tuple(x.shape[-len(trailing) :]) == trailing):
        return False  # PyTorch's own error says what is wrong
    if beside is not None and not (_plain(beside) and beside.dtype is x.dtype and beside.shape == x.shape):
        return False
    return all(p is None or tuple(p.shape) == trailing for p in parameters) and _go_with(x, parameters)


def fits_channels(x: Tensor, *parameters: Tensor | None) -> bool:
    """Whether this is a norm with parameters along the channels, axis 1, that the kernels take."""
    if not (_plain(x) and x.dim() >= 2):
        return False
    channels = (x.shape[1],)
    return all(p is None or tuple(p.shape) == channels for p in parameters) and _go_with(x, parameters)


SMALLEST = {"layer_norm": 2**14, "rms_norm": 0, "group_norm": 2**14, "batch_norm": 2**13}
"""Elements of float32, below which PyTorch's own kernel answers before Python has crossed to ours; PyTorch's RMSNorm is
made of several operations. Measured by bench/python/crossing.py."""


def pays(x: Tensor, norm: str) -> bool:
    """Whether an input is large enough for the kernels to be worth the way to them.

    Who asks PyTorch for deterministic algorithms gets the kernels for any size, and with them the same bits for a row
    alone and in a batch. A compiled network finds its way to them more quickly, and should not depend on a size.
    """
    return x.numel() >= SMALLEST[norm] or torch.are_deterministic_algorithms_enabled() or torch.compiler.is_compiling()


def _plain(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype in DTYPES and x.layout is torch.strided


def _go_with(x: Tensor, parameters: Sequence[Tensor | None]) -> bool:
    """Parameters are of the dtype of x, or float32 beside 16 bits, all alike."""
    given = {p.dtype for p in parameters if p is not None}
    alike = len(given) <= 1 and all(p.device.type == "cpu" for p in parameters if p is not None)
    return alike and given <= {x.dtype, torch.float32 if x.itemsize == 2 else x.dtype}
