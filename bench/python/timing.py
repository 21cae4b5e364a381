"""Times calls in turns, so that a busy machine slows all of them, and takes medians."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

BURST = 2e-3
"""Seconds of calls in a row: one sample is their mean."""
LEAST_ROUNDS = 5
PAUSE = 10e-3
"""Seconds between bursts on several threads: the last library's threads spin for a while before they sleep, and
would have the cores that the next one needs."""


def medians(calls: Mapping[Key, Callable[[], object]], seconds: float, threads: int) -> dict[Key, float]:
    """Return the median time of each call in seconds; each gets the same share of `seconds`, and at least 5 samples."""
    repeats = {name: _repeats(call) for name, call in calls.items()}
    samples: dict[Key, list[float]] = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    names = list(calls)
    while names:
        for name in names:
            if threads > 1:
                time.sleep(PAUSE)
            start = time.perf_counter()
            samples[name].append(_burst(calls[name], repeats[name]))
            spent[name] += time.perf_counter() - start
        names = names[1:] + names[:1]  # nobody is always the one who comes first
        names = [n for n in names if spent[n] < seconds / len(calls) or len(samples[n]) < LEAST_ROUNDS]
    return {name: statistics.median(of_call) for name, of_call in samples.items()}


def _repeats(call: Callable[[], object]) -> int:
    call()
    start = time.perf_counter()
    call()
    return max(1, min(2000, int(BURST / (time.perf_counter() - start))))


def _burst(call: Callable[[], object], repeats: int) -> float:
    call()  # untimed: brings the data into the caches and wakes the threads
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats
