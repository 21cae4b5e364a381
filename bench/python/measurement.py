"""What measuring a case gives, and the same as JSON."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from cases import Case
from peers import WAYS
from traffic import traffic


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

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.case.name,
            **dataclasses.asdict(self.case),
            "threads": self.threads,
            "seconds": {way: {peer: time for (peer, w), time in self.times.items() if w == way} for way in WAYS},
            "stream": {"kind": traffic(self.case).name, "seconds": self.stream},
            "lacking": self.lacking,
        }

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> "Measurement":
        fields = {field.name: read[field.name] for field in dataclasses.fields(Case)}
        case = Case(**fields | {"shape": tuple(read["shape"])})
        times = {(peer, way): time for way, of_way in read["seconds"].items() for peer, time in of_way.items()}
        return cls(case, read["threads"], times, read["stream"]["seconds"], tuple(read["lacking"]))
