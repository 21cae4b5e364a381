"""How measurements compare."""

import math
from collections.abc import Sequence

from measurement import Measurement

OURS, RIVAL = "simdnorm", "PyTorch"
TITLES = {"fresh": "fresh outputs", "out": "into given outputs (out=)"}


def ratio(m: Measurement, way: str, peers: Sequence[str]) -> float | None:
    """Return how many times the fastest of `peers` takes as long as simdnorm: below 1 is a loss."""
    times = [time for peer in peers if peer != OURS and (time := m.best(peer, way)) is not None]
    ours = m.times.get((OURS, way))
    return min(times) / ours if times and ours else None


def geometric_mean(ratios: Sequence[float]) -> float | None:
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else None
