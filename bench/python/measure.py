"""Runs a case on all peers: first that they agree, then how long they take."""

from collections.abc import Sequence
from types import ModuleType

from agreement import check
from cases import Case
from measurement import Measurement
from operands import Operands
from peers import WAYS
from streams import streams
from timing import medians


def measure(case: Case, peers: Sequence[ModuleType], threads: int, seconds: float) -> Measurement:
    operands = Operands(case)
    offers = {peer.NAME: peer.calls(operands) for peer in peers}
    of_peers = {name: its_calls for name, its_calls in offers.items() if its_calls is not None}
    check(case, of_peers)
    calls = {
        (name, way): call
        for name, its_calls in of_peers.items()
        for way, call in zip(WAYS, (its_calls.fresh, its_calls.out), strict=True)
        if call is not None
    }
    stream_calls = {("stream", way): call for way, call in streams(operands, threads).items()}
    times = medians({**calls, **stream_calls}, seconds, threads)
    return Measurement(
        case,
        threads,
        {key: times[key] for key in calls},
        min(times[key] for key in stream_calls),
        tuple(name for name, its_calls in offers.items() if its_calls is None),
    )
