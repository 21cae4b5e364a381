"""What is measured: operation, shape, layout; and the arrays that all peers share, so that alignment is equal."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
EPS = 1e-5
MOMENTUM = 0.1


@dataclass(frozen=True)
class Case:
    """`shape` is that of the memory: the channels of "NHWC" are its last axis, of "NCHW" and "NC" the one after N."""

    operation: str
    shape: tuple[int, ...]
    layout: str = "rows"

    @property
    def name(self) -> str:
        layout = self.layout if self.layout in ("NCHW", "NHWC") else ""
        return " ".join(filter(None, (self.operation, "x".join(map(str, self.shape)), layout)))

    @property
    def channel_axis(self) -> int:
        return 1 if self.layout in ("NCHW", "NC") else -1

    @property
    def stream(self) -> str:
        """The least traffic: x in and y out, or dy and x in and dx out."""
        return "add" if self.operation.endswith("backward") else "copy"

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that the statistics reduce."""
        axis = self.channel_axis % len(self.shape)
        if self.layout == "rows":
            return (axis,)
        return tuple(i for i in range(len(self.shape)) if i != axis)

    def broadcast(self, parameter: Array) -> Array:
        """Return a view of (channels,) that NumPy broadcasts to x."""
        axis = self.channel_axis % len(self.shape)
        return parameter.reshape([-1 if i == axis else 1 for i in range(len(self.shape))])


class Operands:
    """The inputs of a case, made when they are first asked for, and buffers for `y` or `dx`."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._rng = np.random.default_rng(0)
        channels = case.shape[case.channel_axis]
        self.x = self._normal(case.shape)
        self.weight, self.bias = self._normal((channels,)) + 1, self._normal((channels,))
        self.running_mean, self.running_var = self._normal((channels,)), np.ones(channels, np.float32)
        mean, var = self.x.mean(axis=case.axes, keepdims=True), self.x.var(axis=case.axes, keepdims=True)
        shape = mean.shape if case.layout == "rows" else (channels,)
        self.mean, self.rstd = mean.reshape(shape), (1 / np.sqrt(var + np.float32(EPS))).reshape(shape)

    @cached_property
    def dy(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def y(self) -> Array:
        return np.zeros_like(self.x)  # written once, so that its pages are there

    @cached_property
    def dx(self) -> Array:
        return np.zeros_like(self.x)

    def _normal(self, shape: tuple[int, ...]) -> Array:
        return self._rng.standard_normal(shape, dtype=np.float32)


def _cases() -> list[Case]:
    rows = [(16, 64), (256, 768), (4096, 768), (65536, 64), (2048, 4096)]
    channels = [((32, 64, 56, 56), "NCHW"), ((32, 56, 56, 64), "NHWC"), ((4096, 1024), "NC")]
    return [
        Case("layer_norm", (1, 64)),
        *(Case(f"layer_norm_{way}", shape) for way in ("forward", "backward") for shape in rows),
        *(
            Case(operation, shape, layout)
            for operation in ("batch_norm_forward", "batch_norm_backward", "batch_norm")
            for shape, layout in channels
        ),
    ]


CASES = _cases()
