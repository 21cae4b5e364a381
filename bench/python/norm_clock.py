"""What share of a step is spent in the norms of a network, by hooks around them: forward and backward."""

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

    def share(self, call: Callable[[], None]) -> float:
        """Of the time that a call takes."""
        self.seconds = 0.0
        begin = time.perf_counter()
        call()
        return self.seconds / (time.perf_counter() - begin)

    def _begin(self, *_: object) -> None:
        self._begun = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun


def shares(runs: Mapping[Key, Run], way: str, repeats: int) -> dict[Key, float]:
    """Return the median share of each network's steps that is its norms', the networks taking turns."""
    samples: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in range(repeats):
        for key, run in runs.items():
            with NormClock(run) as clock:
                samples[key].append(clock.share(run.call(way)))
    return {key: statistics.median(of_run) for key, of_run in samples.items()}
