"""The speed beside NumPy's: what one would write by hand, in float32, timed in turns."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import functional
from .._dtypes import FLOAT32, Array
from .cases import Case, batch_norm_case, layer_norm_case
from .progress import track

SECONDS = 0.8
"""For each operation."""

ROW_SHAPE = (1024, 768)
CHANNEL_SHAPE = (32, 64, 28, 28)


@dataclass(frozen=True)
class Timing:
    """Medians in microseconds."""

    name: str
    shape: tuple[int, ...]
    simdnorm: float
    numpy: float


def measure() -> list[Timing]:
    """Time every pair, in turns, so that a busy machine slows both."""
    rows, channels = layer_norm_case(ROW_SHAPE, FLOAT32), batch_norm_case(CHANNEL_SHAPE, FLOAT32)
    return [_measure(*pair) for pair in track(_pairs(rows, channels), "timing")]


Pair = tuple[str, tuple[int, ...], Callable[[], object], Callable[[], object]]


def _pairs(r: Case, c: Case) -> list[Pair]:
    last, others = (1,), (0, 2, 3)
    weight, bias = c.weight[:, None, None], c.bias[:, None, None]
    mean, rstd = c.mean[:, None, None], c.rstd[:, None, None]
    running_mean, running_var = c.running_mean[:, None, None], c.running_var[:, None, None]
    return [
        (
            "layer_norm",
            r.x.shape,
            lambda: functional.layer_norm(r.x, r.x.shape[1], r.weight, r.bias),
            lambda: _normalize(r.x, last) * r.weight + r.bias,
        ),
        (
            "layer_norm_backward",
            r.x.shape,
            lambda: functional.layer_norm_backward(r.dy, r.x, r.mean, r.rstd, r.weight),
            lambda: _backward(r.dy, r.x, r.mean, r.rstd, r.weight, last, (0,)),
        ),
        (
            "batch_norm (eval)",
            c.x.shape,
            lambda: functional.batch_norm(c.x, c.running_mean, c.running_var, c.weight, c.bias),
            lambda: (c.x - running_mean) / np.sqrt(running_var + np.float32(c.eps)) * weight + bias,
        ),
        (
            "batch_norm_forward",
            c.x.shape,
            lambda: functional.batch_norm_forward(c.x, c.weight, c.bias),
            lambda: _normalize(c.x, others) * weight + bias,
        ),
        (
            "batch_norm_backward",
            c.x.shape,
            lambda: functional.batch_norm_backward(c.dy, c.x, c.mean, c.rstd, c.weight),
            lambda: _backward(c.dy, c.x, mean, rstd, weight, others, others),
        ),
    ]


def _normalize(x: Array, axes: tuple[int, ...]) -> Array:
    centred = x - x.mean(axis=axes, keepdims=True)
    normalized: Array = centred / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + np.float32(1e-5))
    return normalized


def _backward(
    dy: Array, x: Array, mean: Array, rstd: Array, weight: Array, axes: tuple[int, ...], rows: tuple[int, ...]
) -> tuple[Array, Array, Array]:
    xhat, dxhat = (x - mean) * rstd, dy * weight
    mean_dxhat = dxhat.mean(axis=axes, keepdims=True)
    mean_dxhat_xhat = (dxhat * xhat).mean(axis=axes, keepdims=True)
    dx = rstd * (dxhat - mean_dxhat - xhat * mean_dxhat_xhat)
    return dx, (dy * xhat).sum(axis=rows), dy.sum(axis=rows)


def _measure(name: str, shape: tuple[int, ...], ours: Callable[[], object], theirs: Callable[[], object]) -> Timing:
    ours(), theirs()  # the first call pays for pages and caches
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times[0]) < 3:
        for function, spent in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            function()
            spent.append(time.perf_counter() - start)
    return Timing(name, shape, *(1e6 * statistics.median(spent) for spent in times))
