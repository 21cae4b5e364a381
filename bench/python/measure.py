"""Runs a case on all peers: first that they agree, then how long they take."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from cases import Case, Operands
from peers import Calls
from streams import streams
from timing import medians

WAYS = ("fresh", "out")
TOLERANCE = {"float32": 1e-3, "float16": 2**-11 * 64, "bfloat16": 2**-8 * 64}
"""Of the largest value: far above what float32 sums differ by, far below any mistake in the wiring. In 16 bits the
widest gap is that to PyTorch's LayerNorm, which sums the gradients of its parameters in 16 bits."""


@dataclass(frozen=True)
class Measurement:
    """Medians in seconds: `times[peer, way]`, and the stream's."""

    case: Case
    threads: int
    times: dict[tuple[str, str], float]
    stream: float
    lacking: tuple[str, ...]
    """Peers that have no such operation."""

    def best(self, peer: str, way: str) -> float | None:
        """Return the time of `peer` at its best: into given arrays, or fresh where its own way into them is slower."""
        ways = WAYS if way == "out" else ("fresh",)
        return min((self.times[peer, w] for w in ways if (peer, w) in self.times), default=None)


def measure(case: Case, peers: Sequence[ModuleType], threads: int, seconds: float) -> Measurement:
    operands = Operands(case)
    offers = {peer.NAME: peer.calls(operands) for peer in peers}
    of_peers = {name: its_calls for name, its_calls in offers.items() if its_calls is not None}
    _check_agreement(case, of_peers)
    calls = {
        (name, way): call
        for name, its_calls in of_peers.items()
        for way, call in zip(WAYS, (its_calls.fresh, its_calls.out), strict=True)
        if call is not None
    }
    with ThreadPoolExecutor(max(1, threads - 1)) as pool:
        stream_calls = {("stream", way): call for way, call in streams(operands, threads, pool).items()}
        times = medians({**calls, **stream_calls}, seconds, threads)
    return Measurement(
        case,
        threads,
        {key: times[key] for key in calls},
        min(times[key] for key in stream_calls),
        tuple(name for name, its_calls in offers.items() if its_calls is None),
    )


def _check_agreement(case: Case, of_peers: dict[str, Calls]) -> None:
    (first, ours), *others = of_peers.items()
    assert ours.fresh is not None
    expected = [np.array(array, np.float32) for array in ours.arrays(ours.fresh())]
    for name, calls in [(first, ours), *others]:
        for way, call in zip(WAYS, (calls.fresh, calls.out), strict=True):
            if call is None:
                continue
            actual = [np.asarray(array, np.float32) for array in calls.arrays(call())]
            for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
                error = np.abs(a - e).max() / np.abs(e).max() if a.shape == e.shape else np.inf
                if not error <= TOLERANCE[case.dtype]:
                    raise SystemExit(f"{case.name}: result {i} of {name} ({way}) is not that of {first}: {error:.2g}")
