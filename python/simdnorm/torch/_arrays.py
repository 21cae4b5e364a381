"""Tensors as NumPy arrays and back: the same memory, never a copy."""

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch import Tensor

from .. import _layouts
from .._dtypes import Array

_ARRAY_DTYPES: dict[torch.dtype, np.dtype[Any]] = {
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
    torch.float16: np.dtype(np.float16),
    torch.bfloat16: np.dtype(ml_dtypes.bfloat16),
}
DTYPES = frozenset(_ARRAY_DTYPES)
"""Of inputs."""

_TYPE_STRINGS = {dtype: f"<u{d.itemsize}" if dtype is torch.bfloat16 else d.str for dtype, d in _ARRAY_DTYPES.items()}

# From here on the memory of a result is worth recycling, as it is of NumPy's.
_LARGE_BYTES = 2 * 2**20


def array(tensor: Tensor) -> Array:
    """See a tensor as an array. NumPy has no bfloat16 of its own: its bits cross, and get their name back."""
    plain = (tensor.detach() if tensor.requires_grad else tensor).resolve_neg()
    if plain.dtype is torch.bfloat16:
        return plain.view(torch.uint16).numpy().view(_ARRAY_DTYPES[torch.bfloat16])
    return plain.numpy()


class _Memory:
    """The memory of a tensor, for NumPy to find; it lives as long as the array."""

    __slots__ = ("__array_interface__", "_tensor")

    def __init__(self, tensor: Tensor, pointer: int) -> None:
        self._tensor = tensor
        kind = _TYPE_STRINGS[tensor.dtype]
        self.__array_interface__ = {"version": 3, "shape": tensor.shape, "typestr": kind, "data": (pointer, False)}


def parameter(tensor: Tensor | None) -> Array | None:
    """See a weight or bias as an array, without `Tensor.numpy`: whose memory it has given away can not be resized.

    Training that is sharded resizes that of parameters. For a plain tensor `numpy` is the quicker way.
    """
    if tensor is None:
        return None
    pointer = tensor.data_ptr()
    if not pointer or tensor.is_neg() or not tensor.is_contiguous():
        return array(tensor)
    seen = np.asarray(_Memory(tensor, pointer))
    return seen.view(_ARRAY_DTYPES[torch.bfloat16]) if tensor.dtype is torch.bfloat16 else seen


def optional(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else array(tensor)


def tensor(a: Array) -> Tensor:
    """See an array as a tensor."""
    if a.dtype == _ARRAY_DTYPES[torch.bfloat16]:
        bits = torch.from_numpy(a.view(np.uint16))
        return _over(bits, torch.bfloat16, bits.shape, bits.stride())
    return torch.from_numpy(a)


def optional_tensor(a: Array | None) -> Tensor | None:
    return None if a is None else tensor(a)


def empty(x: Tensor) -> Tensor:
    """Make room for a result that lies in memory as PyTorch's own would beside `x`."""
    if x.numel() * x.element_size() < _LARGE_BYTES:
        return torch.empty_like(x)
    strides = x.stride() if x.is_contiguous() else torch.empty_like(x, device="meta").stride()
    flat = torch.from_numpy(_layouts.fresh((x.numel(),), _ARRAY_DTYPES[x.dtype]).view(np.uint8))
    return _over(flat, x.dtype, x.shape, strides)


def _over(memory: Tensor, dtype: torch.dtype, shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    """Make a tensor of the memory of another, and no view of it: what a Function returns may be changed in place."""
    return torch.empty(0, dtype=dtype, device="cpu").set_(memory.untyped_storage(), 0, shape, strides)


def beside_bias(
    weight: Tensor | None, bias_dtype: torch.dtype | None, x: Tensor, shape: Sequence[int]
) -> Tensor | None:
    """Give a bias that is wider than x and alone a weight of ones, whose dtype its gradient then has."""
    if weight is None and bias_dtype not in (None, x.dtype):
        return x.new_ones(shape, dtype=bias_dtype)
    return weight


def statistics_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype is torch.float64 else torch.float32
