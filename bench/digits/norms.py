"""The norms between the layers, through `simdnorm.cs231n`, and the time that is spent in them."""

import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simdnorm import cs231n

Array = NDArray[np.floating[Any]]


class Norm(Protocol):
    """One norm layer; `seconds` is what its calls have taken so far."""

    affine: bool
    seconds: float

    def forward(self, x: Array, gamma: Any, beta: Any, training: bool) -> tuple[Array, Any]: ...

    def backward(self, dout: Array, cache: Any) -> tuple[Array, Array | None, Array | None]: ...


class NoNorm:
    affine = False
    seconds = 0.0

    def forward(self, x: Array, gamma: Any, beta: Any, training: bool) -> tuple[Array, Any]:
        return x, None

    def backward(self, dout: Array, cache: Any) -> tuple[Array, Array | None, Array | None]:
        return dout, None, None


class BatchNorm:
    affine = True

    def __init__(self) -> None:
        self.seconds = 0.0
        self.bn_param: dict[str, Any] = {}

    def forward(self, x: Array, gamma: Any, beta: Any, training: bool) -> tuple[Array, Any]:
        self.bn_param["mode"] = "train" if training else "test"
        start = time.perf_counter()
        result = cs231n.batchnorm_forward(x, gamma, beta, self.bn_param)
        self.seconds += time.perf_counter() - start
        return result

    def backward(self, dout: Array, cache: Any) -> tuple[Array, Array | None, Array | None]:
        start = time.perf_counter()
        result = cs231n.batchnorm_backward(dout, cache)
        self.seconds += time.perf_counter() - start
        return result


class LayerNorm:
    affine = True

    def __init__(self) -> None:
        self.seconds = 0.0

    def forward(self, x: Array, gamma: Any, beta: Any, training: bool) -> tuple[Array, Any]:
        start = time.perf_counter()
        result = cs231n.layernorm_forward(x, gamma, beta, {})
        self.seconds += time.perf_counter() - start
        return result

    def backward(self, dout: Array, cache: Any) -> tuple[Array, Array | None, Array | None]:
        start = time.perf_counter()
        result = cs231n.layernorm_backward(dout, cache)
        self.seconds += time.perf_counter() - start
        return result


KINDS: dict[str, type[NoNorm] | type[BatchNorm] | type[LayerNorm]] = {
    "none": NoNorm,
    "batchnorm": BatchNorm,
    "layernorm": LayerNorm,
}


def make_norm(kind: str) -> Norm:
    return KINDS[kind]()
