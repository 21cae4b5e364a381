"""Times calls in turns, so that a busy machine slows all of them, and takes medians."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

BURST = 2e-3
"""Seconds of calls in a row: one sample is their mean."""
LEAST_SAMPLES = 5
FAR_BEHIND, LONG = 4, 10e-3
"""A call that takes so many times as long as the fastest, and so many seconds, gets FEW samples and no warm-up: nobody
asks for its last percent."""
FEW_SAMPLES = 3
PAUSE = 10e-3
"""Seconds between bursts on several threads: the last library's threads spin for a while before they sleep, and
would have the cores that the next one needs."""


@dataclass
class _Runner:
    call: Callable[[], object]
    repeats: int
    far_behind: bool
    samples: list[float] = field(default_factory=list)
    spent: float = 0

    def run(self, pause: float) -> None:
        begin = time.perf_counter()
        if pause:
            time.sleep(pause)
        if not self.far_behind:
            self.call()  # untimed: brings the data into the caches and wakes the threads
        start = time.perf_counter()
        for _ in range(self.repeats):
            self.call()
        end = time.perf_counter()
        self.samples.append((end - start) / self.repeats)
        self.spent += end - begin

    def done(self, share: float) -> bool:
        least = FEW_SAMPLES if self.far_behind else LEAST_SAMPLES
        return len(self.samples) >= least and self.spent >= share


def medians(calls: Mapping[Key, Callable[[], object]], seconds: float, threads: int) -> dict[Key, float]:
    """Return the median time of each call in seconds; each gets the same share of `seconds`, and some samples at least.

    All have been called before.
    """
    once = {name: _once(call) for name, call in calls.items()}
    fastest = min(once.values())
    runners = {
        name: _Runner(call, max(1, min(2000, int(BURST / once[name]))), once[name] > max(FAR_BEHIND * fastest, LONG))
        for name, call in calls.items()
    }
    waiting = list(runners.values())
    while waiting:
        for runner in waiting:
            runner.run(PAUSE if threads > 1 else 0)
        waiting = waiting[1:] + waiting[:1]  # nobody is always the one who comes first
        waiting = [runner for runner in waiting if not runner.done(seconds / len(calls))]
    return {name: statistics.median(runner.samples) for name, runner in runners.items()}


def medians_amid(
    between: Callable[[], object], calls: Mapping[Key, Callable[[], object]], seconds: float
) -> dict[Key, float]:
    """Return the same of single calls, each after other work: neither data nor code are in the caches any more."""
    samples: dict[Key, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, samples.values())) < LEAST_SAMPLES:
        for name, call in calls.items():
            between()
            start = time.perf_counter()
            call()
            samples[name].append(time.perf_counter() - start)
    return {name: statistics.median(of_call) for name, of_call in samples.items()}


def _once(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    first = time.perf_counter() - start
    if first > BURST:
        return first
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
