"""A case: an operation on an array of a shape, a layout and a dtype."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
EPS = 1e-5
MOMENTUM = 0.1
GROUPS = 32
"""Of GroupNorm."""

if importlib.util.find_spec("ml_dtypes"):
    import ml_dtypes  # noqa: F401  NumPy knows bfloat16 from here on


@dataclass(frozen=True)
class Case:
    """`shape` is that of the memory: channels are the last axis of "NHWC", "NLC" and rows, else the one after N."""

    operation: str
    shape: tuple[int, ...]
    layout: str = "rows"
    dtype: str = "float32"
    masked: bool = False
    """Sequences of several lengths, or images of several heights."""

    @property
    def name(self) -> str:
        layout = self.layout if self.layout not in ("rows", "NC") else ""
        dtype = self.dtype if self.dtype != "float32" else ""
        masked = "masked" if self.masked else ""
        return " ".join(filter(None, (self.operation, "x".join(map(str, self.shape)), layout, dtype, masked)))

    @property
    def norm(self) -> str:
        """The operation's name without its way; "batch_norm" alone is BatchNorm in evaluation."""
        return self.operation.removesuffix("_forward").removesuffix("_backward")

    @property
    def backward(self) -> bool:
        return self.operation.endswith("_backward")

    @property
    def added(self) -> bool:
        return self.norm.startswith("add_")

    @property
    def by_row(self) -> bool:
        return self.norm.endswith(("layer_norm", "rms_norm"))

    @property
    def centered(self) -> bool:
        return not self.norm.endswith("rms_norm")

    @property
    def channel_axis(self) -> int:
        """The axis that the parameters run along; row norms reduce it."""
        return 1 if self.layout in ("NCHW", "NCL", "NC") else -1

    @property
    def available(self) -> bool:
        return self.dtype != "bfloat16" or importlib.util.find_spec("ml_dtypes") is not None

    @property
    def split(self) -> tuple[int, ...]:
        """The shape of x where the groups of channels and the channels of a group have axes of their own."""
        if self.norm not in ("group_norm", "instance_norm"):
            return self.shape
        axis = self.channel_axis % len(self.shape)
        channels = self.shape[axis]
        groups = GROUPS if self.norm == "group_norm" else channels
        return (*self.shape[:axis], groups, channels // groups, *self.shape[axis + 1 :])

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of `split` that the statistics reduce."""
        axis = self.channel_axis % len(self.shape)
        if self.by_row:
            return (axis,)
        kept = (0, axis) if self.norm in ("group_norm", "instance_norm") else (axis,)
        return tuple(i for i in range(len(self.split)) if i not in kept)

    def broadcast(self, parameter: Array) -> Array:
        """Return a view of (channels,) that NumPy broadcasts to `split`."""
        axis = self.channel_axis % len(self.shape)
        own = self.split[axis : axis + 1 + len(self.split) - len(self.shape)]
        return parameter.reshape((1,) * axis + own + (1,) * (len(self.shape) - axis - 1))
