"""What the runs say: whether BatchNorm holds where the plain network fails, and whether both backends agree."""

import math
from dataclasses import dataclass

from .training import Job, Outcome

FAILING = 0.90
"""A plain network below this test accuracy has failed."""
HOLDING = 0.95
"""What BatchNorm must reach there."""

Results = dict[str, dict[Job, Outcome]]
"""By backend."""


@dataclass(frozen=True)
class Findings:
    said: list[str]
    broken: list[str]


def findings(results: Results) -> Findings:
    said, broken = [], []
    for backend, outcomes in results.items():
        by_name = {(job.norm, job.scale): outcome.accuracy for job, outcome in outcomes.items()}
        failed = [scale for (norm, scale), accuracy in by_name.items() if norm == "none" and accuracy < FAILING]
        lowest = min((by_name["batchnorm", scale] for scale in failed), default=1.0)
        said.append(
            f"{backend}: the plain network fails (below {FAILING:.0%}) at {len(failed)} weight scales"
            + (f"; the least that BatchNorm reaches there is {lowest:.1%}" if failed else ": nothing is shown")
        )
        broken += [
            f"{backend}: BatchNorm reaches {by_name['batchnorm', scale]:.1%} at weight scale {scale:.1e}, "
            f"expected {HOLDING:.0%} or more"
            for scale in failed
            if by_name["batchnorm", scale] < HOLDING
        ]
    if len(results) == 2:
        _compare(results["native"], results["numpy"], said, broken)
    return Findings(said, broken)


def noise(a: Outcome, b: Outcome) -> int:
    """Return by how many test images two sound runs may differ.

    A different last bit somewhere in a training is in the end a different training. Take each to miss an image by
    chance: the misses then spread by the root of n p (1 - p), those of a difference by that of twice as much, and
    three times that is met once in some hundred comparisons; p is kept off 0 and 1 by one image.
    """
    p = min(max((a.accuracy + b.accuracy) / 2, 1 / a.tested), 1 - 1 / a.tested)
    return math.ceil(3 * math.sqrt(2 * a.tested * p * (1 - p)))


def _compare(native: dict[Job, Outcome], numpy: dict[Job, Outcome], said: list[str], broken: list[str]) -> None:
    largest = 0
    for job, ours in native.items():
        theirs = numpy[job]
        largest = max(largest, difference := abs(ours.correct - theirs.correct))
        # Without a norm both backends run the same NumPy code, and in float64 the last bit is too small to grow up.
        allowed = 0 if job.norm == "none" or job.dtype == "float64" else noise(ours, theirs)
        if difference > allowed:
            broken.append(
                f"{job.norm} at weight scale {job.scale:.1e}: native recognises {ours.correct} of {ours.tested} "
                f"images and numpy {theirs.correct}, expected them within {allowed}"
            )
    tested = next(iter(native.values())).tested
    said.append(f"native and numpy differ by at most {largest} of {tested} test images")
    with_norm = [job for job in native if job.norm != "none"]
    for what, seconds in (("the norm calls", "norm_seconds"), ("the whole training with a norm", "seconds")):
        of_native, of_numpy = (sum(getattr(r[job], seconds) for job in with_norm) for r in (native, numpy))
        said.append(f"{what}: native {of_native:.2f} s, numpy {of_numpy:.2f} s, faster by {of_numpy / of_native:.1f}x")
