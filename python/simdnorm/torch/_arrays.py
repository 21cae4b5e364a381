"""Tensors as NumPy arrays and back: the same memory, never a copy."""

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

# From here on the memory of a result is worth recycling, as it is of NumPy's.
_LARGE_BYTES = 8 * 2**20


def array(tensor: Tensor) -> Array:
    """See a tensor as an array. NumPy has no bfloat16 of its own: its bits cross, and get their name back."""
    plain = tensor.detach() if tensor.requires_grad else tensor
    if plain.dtype is torch.bfloat16:
        return plain.view(torch.uint16).numpy().view(_ARRAY_DTYPES[torch.bfloat16])
    return plain.numpy()


def optional(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else array(tensor)


def tensor(a: Array) -> Tensor:
    """See an array as a tensor."""
    if a.dtype == _ARRAY_DTYPES[torch.bfloat16]:
        return torch.from_numpy(a.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(a)


def or_empty(a: Array | None, x: Tensor) -> Tensor:
    """What was not wanted is an empty tensor: operators return no None."""
    return x.new_empty(0) if a is None else tensor(a)


def empty(x: Tensor) -> Tensor:
    """Make room for a result that lies in memory as PyTorch's own would beside `x`."""
    if x.numel() * x.element_size() < _LARGE_BYTES:
        return torch.empty_like(x)
    strides = torch.empty_like(x, device="meta").stride()
    flat = tensor(_layouts.fresh((x.numel(),), _ARRAY_DTYPES[x.dtype]))
    return flat.as_strided(x.shape, strides)


def statistics_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype is torch.float64 else torch.float32
