"""The self check: every operation, dtype and instruction set of this machine against the reference."""

from dataclasses import dataclass, field

import numpy as np

from .._dtypes import FLOAT32, FLOAT64
from ..runtime import available_isas, use_isa
from .bounds import worst
from .cases import KINDS
from .progress import track
from .specs import BATCH_NORM, LAYER_NORM, Spec

# Lengths around whole vectors (16 and 8 lanes), one value, a long row, and enough work for several threads.
ROW_SHAPES = ((5, 1), (7, 15), (4, 16), (3, 33), (9, 130), (2, 5000), (300, 768))
CHANNEL_SHAPES = ((2, 1), (5, 3), (7, 33), (64, 130), (3, 5, 7), (2, 17, 4, 4), (6, 20, 28, 28))


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
        for kind in KINDS:
            case = spec.case(shape, dtype, kind)
            expected = spec.expected(case)
            for isa in available_isas():
                with use_isa(isa):
                    results = spec.call(case)
                for name, value in results.items():
                    of_bound, places = worst(value, *expected[name])
                    finding.errors[isa] = max(finding.errors.get(isa, 0.0), places)
                    if not of_bound <= 1:
                        where = f"{spec.name} {dtype} {isa}: {name} of {kind} {shape}"
                        finding.failures.append(f"{where} is wrong by {of_bound:.3g} times its bound")
    return finding
