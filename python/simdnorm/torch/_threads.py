"""As many threads as PyTorch uses at the time, for the calls of one Python thread."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

from .. import _backend

P = ParamSpec("P")
R = TypeVar("R")


def in_step(function: Callable[P, R]) -> Callable[P, R]:
    """Let what `function` calls use PyTorch's number of threads; what `simdnorm.set_num_threads` chose stays."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        before = _backend.kernels.set_own_threads(torch.get_num_threads())
        try:
            return function(*args, **kwargs)
        finally:
            _backend.kernels.set_own_threads(before)

    return call
