"""The measurements as a page of documentation: what one run found, losses in it like gains."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from case_lists import CORE
from goals import Goal
from measurement import Measurement
from picture import draw
from ratios import OURS, RIVAL, TITLES, geometric_mean, ratio
from tables import markdown

BEFORE = """\
# Speed on {processor}

Written by `bench/python/compare.py --page docs/{page}`, all of it from one run; [performance.md](performance.md) has
what was tried for it. The machine is shared: single figures of two runs differ by a fifth, near the caches by more.

{about}

![A dot for each case: how many times faster than the fastest of all others, and than PyTorch]({picture})

How many times as long as simdnorm the best peer takes (and PyTorch with fresh outputs), medians of runs that take turns
in one process; **below 1** simdnorm is the slower one. "Limit" is simdnorm's time over that of a stream with the reads
and writes that the operation has to do.

"""
AFTER = """
## What it should reach

"""


def write_page(file: Path, about: dict[str, Any], measurements: Sequence[Measurement], goals: Sequence[Goal]) -> None:
    """Write the page, and the picture on it beside it."""
    peers = list(about["peers"])
    threads = list(dict.fromkeys(m.threads for m in measurements))
    versions = ", ".join(f"{name} {version}" for name, version in about["peers"].items() if name != OURS)
    machine = f"{about['processor']}, {about['cores']} cores; {versions}."
    header = ["case", *(f"{n} thread{'s' * (n > 1)}, {way}" for n in threads for way in TITLES)]
    header += [f"{RIVAL}, {n}" for n in threads] + [f"limit, {n}" for n in threads]
    picture = file.with_suffix(".svg")
    draw(picture, about, measurements, threads[0])
    file.write_text(
        BEFORE.format(processor=about["processor"], page=file.name, about=machine, picture=picture.name)
        + markdown(header, _rows(measurements, peers, threads))
        + AFTER
        + markdown(["measure", "goal", "reached", "missed by"], [_verdict(goal) for goal in goals])
    )


def _rows(measurements: Sequence[Measurement], peers: Sequence[str], threads: Sequence[int]) -> Iterable[list[str]]:
    found = {(m.case, m.threads): m for m in measurements}
    questions = [(n, way, peers) for n in threads for way in TITLES] + [(n, "fresh", [RIVAL]) for n in threads]
    for case in dict.fromkeys(m.case for m in measurements):
        of_case = [found.get((case, n)) for n in threads]
        ratios = [m and ratio(m, way, among) for n, way, among in questions for m in [found.get((case, n))]]
        yield [case.name, *map(_cell, ratios), *(_limit(m) for m in of_case)]
    means = [
        geometric_mean([r for m in measurements if m.case in CORE and m.threads == n and (r := ratio(m, way, among))])
        for n, way, among in questions
    ]
    yield ["geometric mean of the core list", *map(_cell, means), *("" for _ in threads)]


def _limit(m: Measurement | None) -> str:
    """The better of the two ways: what memory allows does not depend on them."""
    return f"{min(m.times[OURS, way] for way in TITLES if (OURS, way) in m.times) / m.stream:.2f}" if m else "-"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"**{value:.2f}**"


def _verdict(goal: Goal) -> list[str]:
    """Name the worst cases that miss the goal; a mean has none, and is missed all the same."""
    missed = ", ".join(goal.misses[:8]) + (f" and {len(goal.misses) - 8} more" if len(goal.misses) > 8 else "")
    return [goal.measure, goal.goal, goal.reached, missed or ("missed" if goal.met is False else "")]
