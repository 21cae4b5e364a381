"""What the norms along channels have in common: memory formats, and what a backward pass returns."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._prims_common import suggest_memory_format

Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def dense(x: Tensor) -> Tensor:
    """Return `x` where it lies densely, in order or with its channels last; else a copy that does, as PyTorch does."""
    last = _CHANNELS_LAST.get(x.dim())
    if x.is_contiguous() or (last is not None and x.is_contiguous(memory_format=last)):
        return x
    return x.contiguous(memory_format=suggest_memory_format(x))


def channels_last(x: Tensor) -> bool:
    """Whether `x` lies densely with its channels last, and in no other way."""
    last = _CHANNELS_LAST.get(x.dim())
    return last is not None and not x.is_contiguous() and x.is_contiguous(memory_format=last)


def lying_as(x: Tensor, dy: Tensor) -> Tensor:
    """Return `dy` as `x` lies, which is `dense`."""
    return dy.contiguous() if x.is_contiguous() else dy.contiguous(memory_format=_CHANNELS_LAST[x.dim()])


def backward_fake(
    dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | None, _: Any, need: Sequence[bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Make dx, dweight and dbias of the right shapes; empty where they are not needed."""
    like, channels = x if weight is None else weight, x.shape[1]
    return (
        torch.empty_like(dense(x)) if need[0] else x.new_empty(0),
        like.new_empty(channels if need[1] and weight is not None else 0),
        like.new_empty(channels if need[2] else 0),
    )
