"""Which calls simdnorm's kernels answer; PyTorch's own functions answer the rest."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ._arrays import DTYPES
from ._formulas import forward_mode


def fits(x: Tensor, shape: Sequence[int], *parameters: Tensor | None, beside: Tensor | None = None) -> bool:
    """Whether this is a norm over trailing axes of `shape` that the kernels take."""
    trailing = tuple(shape)
    if not (_plain(x) and 0 < len(trailing) <= x.dim() and x.shape[-len(trailing) :] == trailing):
        return False  # PyTorch's own error says what is wrong
    if beside is not None and not (_plain(beside) and beside.dtype is x.dtype and beside.shape == x.shape):
        return False
    return _go_with(x, trailing, parameters)


def fits_channels(x: Tensor, *parameters: Tensor | None) -> bool:
    """Whether this is a norm with parameters along the channels, axis 1, that the kernels take."""
    return _plain(x) and x.dim() >= 2 and _go_with(x, (x.shape[1],), parameters)


PLAIN = frozenset({Tensor, nn.Parameter})
"""The kinds of tensors that nobody else computes with."""


class Smallest(NamedTuple):
    """Elements below which PyTorch's own kernel answers before Python has crossed to ours."""

    inference: int
    training: int


SMALLEST = {
    "layer_norm": Smallest(2**19, 2**21),
    "rms_norm": Smallest(2**13, 2**13),  # PyTorch's is made of several operations
    "add_layer_norm": Smallest(2**19, 2**21),
    "add_rms_norm": Smallest(2**13, 2**13),
    "group_norm": Smallest(2**21, 2**21),
    "batch_norm": Smallest(2**13, 2**18),
    "batch_norm, 16 bits": Smallest(2**19, 2**20),
    "batch_norm, channels last": Smallest(2**21, 2**21),
    "batch_norm in evaluation": Smallest(2**21, 2**21),
}
"""Measured in float32 by bench/python/crossing.py; GroupNorm's for channels of thousands of elements."""


def pays(x: Tensor, norm: str, beside: Tensor | None = None) -> bool:
    """Whether an input is large enough for the kernels to be worth the way to them.

    Who asks PyTorch for deterministic algorithms gets the kernels for any size, and with them the same bits for a row
    alone and in a batch. A compiler else gets PyTorch's norms, which it fuses with what stands around them: no call can
    be fused.
    """
    if torch.are_deterministic_algorithms_enabled():
        return isinstance(x, Tensor)  # what only stands for one is PyTorch's to trace
    if torch.compiler.is_compiling():
        return False
    if type(x) not in PLAIN:
        return isinstance(x, Tensor)  # whose size may not be a number
    smallest = SMALLEST[norm]
    training = (x.requires_grad or (beside is not None and beside.requires_grad)) and torch.is_grad_enabled()
    return x.numel() >= (smallest.training if training else smallest.inference)


def _plain(x: Tensor) -> bool:
    """Whether these are numbers in memory, of a kind that we know, and nothing travels with them."""
    return (
        _of_known_kind(x)
        and x.is_cpu
        and x.dtype in DTYPES
        and x.layout is torch.strided
        and not x.is_nested
        and not forward_mode()
    )


def _of_known_kind(x: Tensor) -> bool:
    """Subclasses compute in a way of their own; but for those of PyTorch that stand for plain ones in a trace."""
    return type(x) in PLAIN or type(x).__module__.startswith("torch._subclasses.")


def _go_with(x: Tensor, shape: tuple[int, ...], parameters: Sequence[Tensor | None]) -> bool:
    """Parameters are of this shape, and of the dtype of x, or float32 beside 16 bits, all alike."""
    common = None
    for p in parameters:
        if p is None:
            continue
        if common is None:
            common = p.dtype
            if common is not x.dtype and not (common is torch.float32 and x.itemsize == 2):
                return False
        if p.dtype is not common or p.shape != shape or not p.is_cpu or not _of_known_kind(p):
            return False
    return True
