"""What share of a step is spent in the norms of a network, by hooks around them: forward and backward.

Hooks take time of their own, some of it between the two that look at the clock. So much is taken off as they measure
around modules that do nothing, in a network whose norms were taken out.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

from training import Run

Key = TypeVar("Key")


class NormClock(AbstractContextManager["NormClock"]):
    """The seconds between each norm's beginning and end, while a network runs in one thread of Python's."""

    def __init__(self, run: Run) -> None:
        self.seconds = 0.0
        self._begun = 0.0
        self._handles = []
        for name in run.norms:
            norm = run.model.get_submodule(name)
            self._handles += [
                norm.register_forward_pre_hook(self._begin),
                norm.register_forward_hook(self._end),
                norm.register_full_backward_pre_hook(self._begin),
                norm.register_full_backward_hook(self._end),
            ]

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def share(self, call: Callable[[], object], of_hooks: float) -> float:
        """Of the time that a call takes; `of_hooks` seconds of both are the hooks' own."""
        begin = time.perf_counter()
        seconds = self.measure(call) - of_hooks
        return seconds / (time.perf_counter() - begin - of_hooks)

    def measure(self, call: Callable[[], object]) -> float:
        """Return the seconds of a call."""
        self.seconds = 0.0
        call()
        return self.seconds

    def _begin(self, *_: object) -> None:
        self._begun = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun


def shares(runs: Mapping[Key, Run], hollow: Run, way: str, repeats: int) -> dict[Key, float]:
    """Return the median share of each network's steps that is its norms', the networks taking turns.

    The norms of the `hollow` one do nothing.
    """
    samples: dict[Key, list[float]] = {key: [] for key in runs}
    with NormClock(hollow) as clock:
        call = hollow.call(way)
        of_hooks = statistics.median(clock.measure(call) for _ in range(repeats))
    for _ in range(repeats):
        for key, run in runs.items():
            with NormClock(run) as clock:
                samples[key].append(clock.share(run.call(way), of_hooks))
    return {key: statistics.median(of_run) for key, of_run in samples.items()}
