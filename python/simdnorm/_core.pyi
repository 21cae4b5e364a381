"""The native backend. `_fallback` has the same functions in NumPy; `_backend` chooses.

Arrays are checked and canonical when they arrive: aligned, C-contiguous, native byte order, one dtype T of
float32 | float64 throughout but where float64 is written. Sizes are given apart, so that nobody has to reshape:
LayerNorm sees x as (rows, length), BatchNorm as (outer, channels, inner). Outputs are written in place; an
optional argument that is None is not given or not wanted.
MemoryError: no room for scratch, nothing written. ValueError: a size that does not match (a bug of the caller's).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating]
Float64s: TypeAlias = NDArray[np.float64]
Int64s: TypeAlias = NDArray[np.int64]

def layer_norm_express(
    x: object, normalized_shape: object, weight: object, bias: object, eps: object, out: object
) -> Array | None:
    """The whole inference call when every argument is plainly right (exact contiguous arrays of one dtype, no
    overlap); None when anything deserves a closer look, and then nothing has been written."""

def layer_norm_forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    rows: int,
    length: int,
) -> None: ...
def layer_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    rows: int,
    length: int,
) -> None: ...
def batch_norm_forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    unbiased: bool,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def batch_norm_inference(
    x: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    y: Array,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def batch_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    training: bool,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def batch_norm_statistics(x: Array, mean: Float64s, m2: Float64s, outer: int, channels: int, inner: int) -> None: ...
def batch_norm_apply(
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    weight: Array | None,
    bias: Array | None,
    y: Array,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def batch_norm_backward_sums(
    dy: Array,
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def batch_norm_backward_apply(
    dy: Array,
    x: Array,
    mean: Float64s,
    rstd: Float64s,
    weight: Array | None,
    sum_dy: Float64s,
    sum_dy_xhat: Float64s,
    count: Int64s,
    dx: Array,
    outer: int,
    channels: int,
    inner: int,
) -> None: ...
def isa() -> str: ...
def available_isas() -> list[str]: ...
def use_isa(name: str) -> None:
    """ValueError where `name` is no ISA or not available here."""

def refused_isa() -> str | None:
    """SIMDNORM_ISA as found at the start when it could not be obeyed."""

def get_num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def build_info() -> dict[str, str | bool]:
    """version, compiler, openmp"""
