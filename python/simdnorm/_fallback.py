"""The backend without a compiler: `_core`'s functions on the NumPy reference.

The reference computes in more digits than the arrays have; what it returns is rounded once, into the outputs. It never
writes to what it reads, so an output may be an input. See `_core.pyi` for the arguments.
"""

import os
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import reference
from ._dtypes import Array
from ._memory import write_together

Float64s: TypeAlias = NDArray[np.float64]
Int64s: TypeAlias = NDArray[np.int64]
Results: TypeAlias = tuple[NDArray[Any] | None, ...]

_threads = 1


def layer_norm_express(
    x: object, normalized_shape: object, weight: object, bias: object, eps: object, out: object
) -> Array | None:
    """There is no fast lane here: None, a closer look is wanted."""
    return None


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
) -> None:
    weight, bias = _flat(weight), _flat(bias)
    _write((y, mean, rstd), reference.layer_norm_forward(x.reshape(rows, length), weight, bias, eps))


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
) -> None:
    dy, x = dy.reshape(rows, length), x.reshape(rows, length)
    mean, rstd = mean.reshape(rows, 1), rstd.reshape(rows, 1)
    _write((dx, dweight, dbias), reference.layer_norm_backward(dy, x, mean, rstd, _flat(weight)))


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
) -> None:
    x = x.reshape(outer, channels, inner)
    results = reference.batch_norm_forward(x, weight, bias, eps)
    if running_mean is None or running_var is None:
        _write((y, mean, rstd), results)
        return
    statistics = reference.batch_norm_statistics(x)  # before y is written, which may be x
    updated = reference.running_update(running_mean, running_var, *statistics, momentum, unbiased)
    _write((y, mean, rstd), results)
    with np.errstate(all="ignore"):
        rounded = updated[0].astype(running_mean.dtype), updated[1].astype(running_var.dtype)
    write_together((running_mean, running_var), rounded)


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
) -> None:
    x = x.reshape(outer, channels, inner)
    _write((y,), (reference.batch_norm_inference(x, running_mean, running_var, weight, bias, eps),))


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
) -> None:
    dy, x = dy.reshape(outer, channels, inner), x.reshape(outer, channels, inner)
    _write((dx, dweight, dbias), reference.batch_norm_backward(dy, x, mean, rstd, weight, training=training))


def batch_norm_statistics(x: Array, mean: Float64s, m2: Float64s, outer: int, channels: int, inner: int) -> None:
    _write((None, mean, m2), reference.batch_norm_statistics(x.reshape(outer, channels, inner)))


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
) -> None:
    x = x.reshape(outer, channels, inner)
    _write((y,), (reference.batch_norm_apply(x, mean, rstd, weight, bias),))


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
) -> None:
    dy, x = dy.reshape(outer, channels, inner), x.reshape(outer, channels, inner)
    _write((sum_dy, sum_dy_xhat), reference.batch_norm_backward_sums(dy, x, mean, rstd))


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
) -> None:
    dy, x = dy.reshape(outer, channels, inner), x.reshape(outer, channels, inner)
    _write((dx,), (reference.batch_norm_backward_apply(dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat, count),))


def isa() -> str:
    return "numpy"


def available_isas() -> list[str]:
    return ["numpy"]


def use_isa(name: str) -> None:
    if name != "numpy":
        raise ValueError(f"isa {name!r} is not available, expected one of {available_isas()}")


def refused_isa() -> str | None:
    """Return what SIMDNORM_ISA asked for: a wish for any native kernel cannot be granted here."""
    wanted = os.environ.get("SIMDNORM_ISA", "")
    return wanted if wanted not in ("", "numpy") else None


def get_num_threads() -> int:
    return _threads


def set_num_threads(n: int) -> None:
    """Remembered, so that code which sets and restores it works; NumPy's element-wise loops run on one thread."""
    global _threads
    _threads = n


def build_info() -> dict[str, str | bool]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"version": version("simdnorm"), "compiler": "none", "openmp": False}
    except PackageNotFoundError:  # run from the source tree
        return {"version": "unknown", "compiler": "none", "openmp": False}


def _flat(parameter: Array | None) -> Array | None:
    """Give a parameter the shape of the reduced axes, which is (length,) for the reference here."""
    return None if parameter is None else parameter.reshape(-1)


@np.errstate(all="ignore")
def _write(outputs: Results, results: Results) -> None:
    for output, result in zip(outputs, results, strict=True):
        if output is not None and result is not None:
            output[...] = result.reshape(output.shape)
