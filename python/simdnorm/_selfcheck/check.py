"""The self check: every operation, dtype and instruction set of this machine against the reference."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import prod

from ..runtime import available_isas, use_isa
from .cases import Case
from .data import kinds_of
from .norms import NORMS
from .plan import CHANNELS, ROWS, cases, dtypes, layouts_of
from .progress import track
from .spec import Spec, worst_of
from .specs import SPECS

# Small cases take every kind of data, the larger ones as many as this allows: the check should take seconds.
VALUES = 2**16
AT_LEAST = 2


@dataclass
class Finding:
    """What one operation in one dtype did, on the worst of the instruction sets."""

    places: float = 0.0  # the largest error in units of the last place
    failures: list[str] = field(default_factory=list)


Findings = dict[tuple[str, str], Finding]  # by operation and dtype


def check() -> Findings:
    """Run every check; a finding with failures broke the bound."""
    findings: Findings = {}
    pairs = [(norm, dtype) for norm in NORMS for dtype in dtypes()]
    for norm, dtype in track(pairs, "checking", lambda pair: f"{pair[0].name} {pair[1]}"):
        specs = [spec for spec in SPECS if spec.norm is norm]
        for turn, layout in enumerate(layouts_of(norm, ROWS, CHANNELS)):
            kinds = kinds_of(dtype)[: max(AT_LEAST, VALUES // prod(layout[0]))]
            for case in cases(norm, dtype, [layout], kinds, first=turn):
                for spec in specs:
                    _compare(findings.setdefault((spec.name, dtype.name), Finding()), spec, case)
    return findings


def errors(
    spec: Spec, case: Case, isas: Iterable[str], using: Callable[[str], AbstractContextManager[object]]
) -> Iterator[tuple[str, str, float, float]]:
    """Run an operation on each instruction set, and yield how wrong each result is, in bounds and in last places.

    Most instruction sets give the same bits; these are judged once.
    """
    expected, arguments = spec.expected(case), spec.arguments(case)
    judged: set[tuple[str, bytes | None]] = set()
    for isa in isas:
        with using(isa):
            results = spec.called_with(arguments)
        for name, value in results.items():
            bits = name, None if value is None else value.tobytes()
            if bits not in judged:
                judged.add(bits)
                yield isa, name, *worst_of(expected[name], value)


def _compare(finding: Finding, spec: Spec, case: Case) -> None:
    for isa, name, of_bound, places in errors(spec, case, available_isas(), use_isa):
        finding.places = max(finding.places, places)
        if not of_bound <= 1:
            where = f"{spec.name} {case.x.dtype} {isa}: {name} of {case}"
            finding.failures.append(f"{where} is wrong by {of_bound:.3g} times its bound")
