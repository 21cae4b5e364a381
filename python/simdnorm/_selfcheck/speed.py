"""The speed beside NumPy's: what one would write by hand, in float32, timed in turns."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._dtypes import FLOAT32, Array
from .cases import Case
from .norms import NORMS
from .progress import track
from .spec import Results, Spec
from .specs import SPECS

SECONDS = 0.25
"""For each operation."""

ROW_SHAPE = (1024, 768)
CHANNEL_SHAPE = (32, 64, 28, 28)


@dataclass(frozen=True)
class Timing:
    """Medians in microseconds."""

    shape: tuple[int, ...]
    simdnorm: float
    numpy: float


def measure(seconds: float | None = None) -> dict[str, Timing]:
    """Time every operation that has a NumPy twin, in turns with it, so that a busy machine slows both."""
    seconds = SECONDS if seconds is None else seconds
    cases = {norm: norm.case(CHANNEL_SHAPE if norm.has_channels else ROW_SHAPE, FLOAT32) for norm in NORMS}
    timed = [(spec, cases[spec.norm]) for spec in SPECS if spec.statistics == "own" and spec.out]
    tracked = track(timed, "timing", lambda pair: pair[0].name)
    return {spec.name: _measure(spec, case, seconds) for spec, case in tracked}


def _measure(spec: Spec, case: Case, seconds: float) -> Timing:
    arguments, seen = spec.arguments(case), _Seen(case)
    theirs = seen.forward if "y" in spec.results else seen.backward

    def ours() -> Results:
        return spec.called_with(arguments)

    ours(), theirs()  # the first call pays for pages and caches
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 3:
        functions: tuple[Callable[[], object], ...] = (ours, theirs)
        for function, spent in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            spent.append(time.perf_counter() - start)
    return Timing(case.x.shape, *(1e6 * statistics.median(spent) for spent in times))


class _Seen:
    """A case in shapes that broadcast, and its norm in NumPy."""

    def __init__(self, case: Case) -> None:
        geometry = case.geometry
        assert case.weight is not None and case.bias is not None and case.rstd is not None
        self.x, self.dy = case.x.reshape(geometry.seen), case.dy.reshape(geometry.seen)
        self.residual = None if case.residual is None else case.residual.reshape(geometry.seen)
        self.dsummed = None if case.dsummed is None else case.dsummed.reshape(geometry.seen)
        self.summed = case.summed.reshape(geometry.seen)
        self.weight, self.bias = (p.reshape(geometry.along_shape) for p in (case.weight, case.bias))
        self.mean = None if case.mean is None else geometry.spread(case.mean)
        self.rstd, self.eps = geometry.spread(case.rstd), np.float32(case.eps)
        self.reduced, self.rows = geometry.reduced, geometry.rows

    def forward(self) -> tuple[Array, ...]:
        """Normalize by the data's own statistics."""
        x = self.x if self.residual is None else self.x + self.residual
        centred = x if self.mean is None else x - self._average(x)
        xhat = centred / np.sqrt(self._average(centred * centred) + self.eps)
        y = xhat * self.weight
        return (y if self.mean is None else y + self.bias), x

    def backward(self) -> tuple[Array, ...]:
        """Go back through them."""
        x = self.summed if self.mean is None else self.summed - self.mean
        xhat, dxhat = x * self.rstd, self.dy * self.weight
        rest = xhat * self._average(dxhat * xhat)
        dx = self.rstd * (dxhat - rest if self.mean is None else dxhat - self._average(dxhat) - rest)
        dweight = (self.dy * xhat).sum(axis=self.rows)
        if self.mean is not None:
            dbias = self.dy.sum(axis=self.rows)
            return (dx if self.dsummed is None else dx + self.dsummed), dweight, dbias
        return (dx if self.dsummed is None else dx + self.dsummed), dweight

    def _average(self, a: Array) -> Array:
        average: Array = a.mean(axis=self.reduced, keepdims=True)
        return average
