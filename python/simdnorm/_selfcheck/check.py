"""The self check: every operation, dtype and instruction set of this machine against the reference."""

import math
from dataclasses import dataclass, field

import numpy as np

from .._dtypes import FLOAT32, FLOAT64
from ..runtime import available_isas, use_isa
from .bounds import worst
from .cases import Case
from .data import KINDS
from .progress import track
from .specs import BATCH_NORM, LAYER_NORM, Spec

# Lengths around whole vectors (16 and 8 lanes), one value, a long row, and enough work for several threads.
ROW_SHAPES = ((5, 1), (7, 15), (4, 16), (3, 33), (9, 130), (2, 5000), (96, 768))
# The same of channels, and many short segments in each: of 1, 2, 3 and 16 values.
CHANNEL_SHAPES = (
    (2, 1),
    (5, 3),
    (7, 33),
    (127, 20),
    (2000, 5),
    (3, 5, 7),
    (1024, 3, 2),
    (1024, 3, 3),
    (150, 5, 16),
    (2, 17, 4, 4),
    (4, 22, 28, 28),
)
# Every kind of data on all but the shapes that are there for the threads alone: the check should take seconds.
LARGE = 2**15
LARGE_KINDS = ("random", "trend")


@dataclass
class Finding:
    """What one operation in one dtype did on each instruction set."""

    name: str
    dtype: str
    errors: dict[str, float] = field(default_factory=dict)  # isa: largest error in units of the last place
    failures: list[str] = field(default_factory=list)


def check() -> list[Finding]:
    """Run every check; a finding with failures broke the bound."""
    jobs = [(spec, dtype) for spec in LAYER_NORM + BATCH_NORM for dtype in (FLOAT32, FLOAT64)]
    return [_check(spec, dtype) for spec, dtype in track(jobs, "checking")]


def _check(spec: Spec, dtype: np.dtype[np.floating]) -> Finding:
    finding = Finding(spec.name, str(dtype))
    for shape in ROW_SHAPES if spec in LAYER_NORM else CHANNEL_SHAPES:
        for kind in KINDS if math.prod(shape) < LARGE else LARGE_KINDS:
            for case in spec.cases(shape, dtype, kind):
                _compare(finding, spec, case, f"{kind} {shape}")
    return finding


def _compare(finding: Finding, spec: Spec, case: Case, what: str) -> None:
    expected = spec.expected(case)
    for isa in available_isas():
        with use_isa(isa):
            results = spec.call(case)
        for name, value in results.items():
            of_bound, places = worst(value, *expected[name])
            finding.errors[isa] = max(finding.errors.get(isa, 0.0), places)
            if not of_bound <= 1:
                where = f"{spec.name} {finding.dtype} {isa}: {name} of {what}"
                finding.failures.append(f"{where} is wrong by {of_bound:.3g} times its bound")
