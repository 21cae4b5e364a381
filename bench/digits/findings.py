"""What the runs say: whether BatchNorm holds where the plain network fails, and whether both backends agree."""

import math
from dataclasses import dataclass, replace

from .experiments import Experiment
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


def findings(results: Results, experiment: Experiment) -> Findings:
    said: list[str] = []
    broken: list[str] = []
    for backend, outcomes in results.items():
        if experiment.varied == "scale":
            _scales(backend, outcomes, experiment, said, broken)
        else:
            _batches(backend, outcomes, experiment, said)
    if len(results) == 2:
        _compare(results["native"], results["numpy"], experiment, said, broken)
    return Findings(said, broken)


def _scales(
    backend: str, outcomes: dict[Job, Outcome], experiment: Experiment, said: list[str], broken: list[str]
) -> None:
    failed = [job for job, outcome in outcomes.items() if job.norm == "none" and outcome.accuracy < FAILING]
    reached = {job: outcomes[replace(job, norm="batchnorm")].accuracy for job in failed}
    said.append(
        f"{backend}: the plain network fails (below {FAILING:.0%}) at {len(failed)} weight scales"
        + (
            f"; the least that BatchNorm reaches there is {min(reached.values()):.1%}"
            if failed
            else ": nothing is shown"
        )
    )
    broken += [
        f"{backend}: BatchNorm reaches {accuracy:.1%} at {experiment.place(job)}, expected {HOLDING:.0%} or more"
        for job, accuracy in reached.items()
        if accuracy < HOLDING
    ]


def _batches(backend: str, outcomes: dict[Job, Outcome], experiment: Experiment, said: list[str]) -> None:
    """Nothing is promised of small batches: their statistics are noise, and BatchNorm has no others."""
    for norm in ("batchnorm", "layernorm"):
        points = sorted(
            (outcome.accuracy, experiment.place(job)) for job, outcome in outcomes.items() if job.norm == norm
        )
        (least, where), (most, _) = points[0], points[-1]
        said.append(f"{backend}: {norm} reaches {least:.1%} to {most:.1%}, the least at {where}")


def noise(a: Outcome, b: Outcome) -> int:
    """Return by how many test images two sound runs may differ.

    A different last bit somewhere in a training is in the end a different training. Take each to miss an image by
    chance: the misses then spread by the root of n p (1 - p), those of a difference by that of twice as much, and
    three times that is met once in some hundred comparisons; p is kept off 0 and 1 by one image.
    """
    p = min(max((a.accuracy + b.accuracy) / 2, 1 / a.tested), 1 - 1 / a.tested)
    return math.ceil(3 * math.sqrt(2 * a.tested * p * (1 - p)))


def _compare(
    native: dict[Job, Outcome],
    numpy: dict[Job, Outcome],
    experiment: Experiment,
    said: list[str],
    broken: list[str],
) -> None:
    largest = 0
    for job, ours in native.items():
        theirs = numpy[job]
        largest = max(largest, difference := abs(ours.correct - theirs.correct))
        # Without a norm both backends run the same NumPy code, and in float64 the last bit is too small to grow up.
        allowed = 0 if job.norm == "none" or job.dtype == "float64" else noise(ours, theirs)
        if difference > allowed:
            broken.append(
                f"{job.norm} at {experiment.place(job)}: native recognises {ours.correct} of {ours.tested} "
                f"images and numpy {theirs.correct}, expected them within {allowed}"
            )
    tested = next(iter(native.values())).tested
    said.append(f"native and numpy differ by at most {largest} of {tested} test images")
    with_norm = [job for job in native if job.norm != "none"]
    for what, seconds in (("the norm calls", "norm_seconds"), ("the whole training with a norm", "seconds")):
        of_native, of_numpy = (sum(getattr(r[job], seconds) for job in with_norm) for r in (native, numpy))
        said.append(f"{what}: native {of_native:.2f} s, numpy {of_numpy:.2f} s, faster by {of_numpy / of_native:.1f}x")
