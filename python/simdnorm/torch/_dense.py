"""Memory formats: what lies densely in PyTorch's order, or with its channels last, is taken as it is."""

import torch
from torch import Tensor

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def dense(x: Tensor) -> Tensor:
    """Return `x` where its memory is dense, else a contiguous copy; as PyTorch's own norms see it."""
    last = _CHANNELS_LAST.get(x.dim())
    if last is not None and x.is_contiguous(memory_format=last):
        return x
    return x.contiguous()
