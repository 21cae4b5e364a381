"""What is measured, and the arrays that all peers share, so that alignment is equal."""

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
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
    def stream(self) -> str:
        """The least traffic: x in and y out; dy and x in and dx out; or two arrays (three) in and two (one) out."""
        if self.added:
            return "two copies"
        return "add" if self.backward else "copy"

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


class Operands:
    """The inputs of a case, made when they are first asked for, and buffers for `y` or `dx`."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.dtype = np.dtype(case.dtype)
        self._rng = np.random.default_rng(0)
        channels = case.shape[case.channel_axis]
        self.x = self._normal(case.shape)
        self.weight, self.bias = self._normal((channels,), 1), self._normal((channels,))
        self.running_mean, self.running_var = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        self.mask = self._mask() if case.masked else None
        self.mean, self.rstd = self._statistics()

    def _statistics(self) -> tuple[Array, Array]:
        """Return what a forward pass over x saves, in simdnorm's shapes; to a backward pass of add_* x is summed."""
        case = self.case
        x = self.x.astype(np.float32).reshape(case.split)
        where = True if self.mask is None else np.broadcast_to(self.mask, case.shape).reshape(case.split)
        mean = x.mean(axis=case.axes, keepdims=True, where=where)
        if not case.centered:
            mean = np.zeros_like(mean)
        square = np.square(x - mean).mean(axis=case.axes, keepdims=True, where=where)
        kept = mean.shape if case.by_row else tuple(n for i, n in enumerate(case.split) if i not in case.axes)
        return mean.reshape(kept), (1 / np.sqrt(square + np.float32(EPS))).reshape(kept)

    @cached_property
    def residual(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def dsummed(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def dy(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def y(self) -> Array:
        return np.zeros_like(self.x)  # written once, so that its pages are there

    @cached_property
    def dx(self) -> Array:
        return np.zeros_like(self.x)

    @cached_property
    def other(self) -> Array:
        """Where the stream puts a second output."""
        return np.zeros_like(self.x)

    def _normal(self, shape: tuple[int, ...], center: float = 0) -> Array:
        return (self._rng.standard_normal(shape, dtype=np.float32) + np.float32(center)).astype(self.dtype, copy=False)

    def _mask(self) -> Array:
        """Return lengths from a quarter of the longest to all of it, along the first axis that is not N or channels."""
        case = self.case
        along = 1 if case.channel_axis == -1 else 2
        samples, longest = case.shape[0], case.shape[along]
        lengths = np.linspace(longest // 4, longest, samples).astype(int)
        mask = np.arange(longest) < lengths[:, None]
        return mask.reshape([n if i in (0, along) else 1 for i, n in enumerate(case.shape)])


def _cases() -> list[Case]:
    rows = [(16, 64), (256, 768), (4096, 768), (65536, 64), (2048, 4096)]
    images = [((32, 64, 56, 56), "NCHW"), ((32, 56, 56, 64), "NHWC")]
    ways = ("forward", "backward")
    of_channels = ("batch_norm_forward", "batch_norm_backward", "batch_norm")
    of_samples = tuple(f"{norm}_{way}" for norm in ("group_norm", "instance_norm") for way in ways)
    in_16_bits = ("layer_norm", "rms_norm", "add_rms_norm")
    return [
        Case("layer_norm", (1, 64)),
        *(Case(f"layer_norm_{way}", shape) for way in ways for shape in rows),
        *(Case(f"layer_norm_{way}", *images[0]) for way in ways),
        *(Case(f"rms_norm_{way}", shape) for way in ways for shape in rows[1:]),
        *(
            Case(f"{norm}_{way}", shape)
            for norm in ("add_layer_norm", "add_rms_norm")
            for way in ways
            for shape in (rows[2], rows[4])
        ),
        *(Case(operation, *image) for operation in of_channels for image in [*images, ((4096, 1024), "NC")]),
        *(Case(operation, *image) for operation in of_samples for image in images),
        *(
            Case(f"{norm}_{way}", (4096, 768), dtype=dtype)
            for norm in in_16_bits
            for way in ways
            for dtype in ("float16", "bfloat16")
        ),
        *(
            Case(f"{norm}_{way}", *image, dtype="bfloat16")
            for norm in ("batch_norm", "group_norm", "instance_norm")
            for way in ways
            for image in images
        ),
        *(
            Case(f"{norm}_{way}", *sequences, masked=True)
            for norm in ("batch_norm", "group_norm", "instance_norm")
            for way in ways
            for sequences in [((32, 256, 512), "NCL"), ((32, 512, 256), "NLC")]
        ),
    ]


CASES = _cases()
