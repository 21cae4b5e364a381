"""The native backend. `_fallback` has the same functions in NumPy; `_backend` chooses.

Arrays are checked and canonical when they arrive: aligned, C-contiguous, native byte order. Full-sized arrays (x, dy,
y, dx, residual, summed, dsummed) are of one dtype E: float32, float64, float16, or uint16, which holds the bits of
bfloat16. Parameters and their gradients are all of one dtype P, which is E, or float32 where E has 16 bits. Statistics
are of dtype S, float64 where E is float64, else float32, but for the parts of BatchNorm, where float64 is written.

Sizes are given apart, so that nobody has to reshape:

    RowLayout      (outer, segments, middle, length, inner): dense memory; segments and length are reduced.
                   Statistics run over (outer, middle, inner), parameters over (segments, length). The add_ pairs take
                   plain rows alone: segments, middle and inner are 1.
    ChannelLayout  (samples, outer, channels, inner): dense memory, parameters run over the channels. NCHW is
                   (N, 1, C, H * W), NHWC is (N, H * W, C, 1). Statistics: BatchNorm's over the channels, GroupNorm's
                   over (samples, groups), InstanceNorm's over (samples, channels).
    Mask           (samples or 1, outer or 1, channels or 1, inner or 1): False is left out of every sum and comes out
                   as zero.

Outputs are written in place; an optional argument that is None is not given or not wanted.
MemoryError: no room for scratch, nothing written. ValueError: a size that does not match (a bug of the caller's).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Elements: TypeAlias = NDArray[Any]  # E
Parameters: TypeAlias = NDArray[Any]  # P
Statistics: TypeAlias = NDArray[np.floating[Any]]  # S
Float64s: TypeAlias = NDArray[np.float64]
Int64s: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
RowLayout: TypeAlias = tuple[int, int, int, int, int]
ChannelLayout: TypeAlias = tuple[int, int, int, int]

class Express:
    """Whole calls, where everything is plain: exact contiguous arrays of the right dtypes and shapes, no mask, no axis.

    A function for each operation that users call, by the name that it has below. Its arguments are those that are read,
    in the order that they have below, but as users gave them; then what tells how to see x: (normalized_shape, axis)
    for a forward pass over rows, (axis) for a backward one, (channel_axis, mask) for the other norms; then `need`,
    whether a forward pass returns its statistics too, or which gradients a backward pass returns; then `out`.

    It returns what the public function returns, or None where anything deserves a closer look. Nothing has been written
    then.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]: ...

class Tensors(Express):
    """The same of tensors, where these are plain: exact ones, on the CPU, dense in order or with their channels last.

    The number of threads comes first. Everything is None until tensors are introduced.
    """

    def introduce(self, tensor: type, parameter: type, table: object) -> bool:
        """Take the exact types, and the capsule with DLPack's table of C functions; False if it is of no use here."""

express: Express
tensors: Tensors

def layer_norm_forward(
    x: Elements,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    y: Elements,
    mean: Statistics | None,
    rstd: Statistics | None,
    layout: RowLayout,
) -> None: ...
def layer_norm_backward(
    dy: Elements,
    x: Elements,
    mean: Statistics,
    rstd: Statistics,
    weight: Parameters | None,
    dx: Elements | None,
    dweight: Parameters | None,
    dbias: Parameters | None,
    layout: RowLayout,
) -> None: ...
def rms_norm_forward(
    x: Elements,
    weight: Parameters | None,
    eps: float,
    y: Elements,
    rstd: Statistics | None,
    layout: RowLayout,
) -> None: ...
def rms_norm_backward(
    dy: Elements,
    x: Elements,
    rstd: Statistics,
    weight: Parameters | None,
    dx: Elements | None,
    dweight: Parameters | None,
    layout: RowLayout,
) -> None: ...
def add_layer_norm_forward(
    x: Elements,
    residual: Elements,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    y: Elements,
    summed: Elements,
    mean: Statistics | None,
    rstd: Statistics | None,
    layout: RowLayout,
) -> None:
    """summed = x + residual, rounded to E; the norm is that of the rounded sum."""

def add_layer_norm_backward(
    dy: Elements,
    summed: Elements,
    mean: Statistics,
    rstd: Statistics,
    weight: Parameters | None,
    dsummed: Elements | None,
    dx: Elements | None,
    dweight: Parameters | None,
    dbias: Parameters | None,
    layout: RowLayout,
) -> None:
    """dx takes dsummed, the gradient that flows into summed, as well."""

def add_rms_norm_forward(
    x: Elements,
    residual: Elements,
    weight: Parameters | None,
    eps: float,
    y: Elements,
    summed: Elements,
    rstd: Statistics | None,
    layout: RowLayout,
) -> None: ...
def add_rms_norm_backward(
    dy: Elements,
    summed: Elements,
    rstd: Statistics,
    weight: Parameters | None,
    dsummed: Elements | None,
    dx: Elements | None,
    dweight: Parameters | None,
    layout: RowLayout,
) -> None: ...
def group_norm_forward(
    x: Elements,
    groups: int,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    mask: Mask | None,
    y: Elements,
    mean: Statistics | None,
    rstd: Statistics | None,
    layout: ChannelLayout,
) -> None: ...
def group_norm_backward(
    dy: Elements,
    x: Elements,
    groups: int,
    mean: Statistics,
    rstd: Statistics,
    weight: Parameters | None,
    mask: Mask | None,
    dx: Elements | None,
    dweight: Parameters | None,
    dbias: Parameters | None,
    layout: ChannelLayout,
) -> None: ...
def instance_norm_forward(
    x: Elements,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    running_mean: Statistics | None,
    running_var: Statistics | None,
    momentum: float,
    mask: Mask | None,
    y: Elements,
    mean: Statistics | None,
    rstd: Statistics | None,
    layout: ChannelLayout,
) -> None:
    """Running statistics move by the mean over the samples of each instance's mean and unbiased variance."""

def instance_norm_backward(
    dy: Elements,
    x: Elements,
    mean: Statistics,
    rstd: Statistics,
    weight: Parameters | None,
    mask: Mask | None,
    dx: Elements | None,
    dweight: Parameters | None,
    dbias: Parameters | None,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_forward(
    x: Elements,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    running_mean: Statistics | None,
    running_var: Statistics | None,
    momentum: float,
    unbiased: bool,
    mask: Mask | None,
    y: Elements,
    mean: Statistics | None,
    rstd: Statistics | None,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_inference(
    x: Elements,
    running_mean: Statistics,
    running_var: Statistics,
    weight: Parameters | None,
    bias: Parameters | None,
    eps: float,
    mask: Mask | None,
    y: Elements,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_backward(
    dy: Elements,
    x: Elements,
    mean: Statistics,
    rstd: Statistics,
    weight: Parameters | None,
    training: bool,
    mask: Mask | None,
    dx: Elements | None,
    dweight: Parameters | None,
    dbias: Parameters | None,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_statistics(
    x: Elements,
    mask: Mask | None,
    count: Int64s,
    mean: Float64s,
    m2: Float64s,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_apply(
    x: Elements,
    mean: Float64s,
    rstd: Float64s,
    weight: Parameters | None,
    bias: Parameters | None,
    y: Elements,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_backward_sums(
    dy: Elements,
    x: Elements,
    mean: Float64s,
    rstd: Float64s,
    mask: Mask | None,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    layout: ChannelLayout,
) -> None: ...
def batch_norm_backward_apply(
    dy: Elements,
    x: Elements,
    mean: Float64s,
    rstd: Float64s,
    weight: Parameters | None,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    count: Int64s,
    mask: Mask | None,
    dx: Elements,
    layout: ChannelLayout,
) -> None: ...
def isa() -> str: ...
def isa_reason() -> str:
    """What chose it."""

def available_isas() -> list[str]: ...
def use_isa(name: str) -> None:
    """ValueError where `name` is no ISA or not available here."""

def refused_isa() -> str | None:
    """SIMDNORM_ISA as found at the start when it could not be obeyed."""

def get_num_threads() -> int: ...
def threads_reason() -> str:
    """What decided their number."""

def openmp_library() -> str | None:
    """The file of the OpenMP runtime that runs them."""

def set_num_threads(n: int) -> None: ...
def set_own_threads(n: int) -> int:
    """For what the calling thread calls from now on; 0 takes it back. Returns what was set before."""

def build_info() -> dict[str, str | bool]:
    """version, compiler, flags, openmp"""

def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Room for a result. Large ones are made of blocks (see cpp/bind/blocks.hpp) which are kept when they die."""

def return_blocks() -> bool:
    """Return to the system the blocks that are kept; False where there were none."""

def held_blocks() -> dict[str, int]:
    """used_bytes, kept_bytes, kept_ranges"""
