"""What is printed: losses stand in it like gains."""

from collections.abc import Sequence
from typing import Any

import machine
from case_lists import CORE
from goals import Goal
from measurement import Measurement
from ratios import OURS, RIVAL, TITLES, geometric_mean, ratio
from tables import show
from traffic import traffic

LEGEND = f"""\
limit: the reads and writes that the operation has to do, in the same run, on as many threads, with plain stores and
with stores past the caches: the faster. copy: x in, y out; add: dy and x in, dx out; two to two, three to one: beside a
residual. "read, ..." reads what shares statistics once more before, where that (in whole cache lines) does not fit into
the L2 of a core ({machine.l2() / 2**20:g} MiB). of limit: the limit's time over simdnorm's, 100% is as fast as memory.
to ...: how many times as long as simdnorm the peer takes; below 1 simdnorm is the slower one.
*: the peer's own way into given outputs is slower than its fresh outputs, whose time this is.
in L2: inputs and outputs are no larger than it, together. Out of cache: they have more than \
{machine.out_of_cache() / 2**20:g} MiB, which is the last
level of the caches, or {machine.SHARE / 2**20:g} MiB where it is larger: more cores share it than are measured here."""


def print_about(about: dict[str, Any]) -> None:
    print(f"{about['processor']}, {about['cores']} core(s) to run on")
    print(*(f"{peer}: {version}" for peer, version in about["peers"].items()), sep="\n")
    for name, why in about["absent"].items():
        print(f"absent: {name} ({why})")
    print(f"limit: {about['streams']}")
    for name, value in about["environment"].items():
        print(f"environment: {name}={value}")
    print()


def print_tables(measurements: Sequence[Measurement], peers: Sequence[str]) -> None:
    for threads in dict.fromkeys(m.threads for m in measurements):
        for way, title in TITLES.items():
            of_table = [m for m in measurements if m.threads == threads]
            _print_table(f"{threads} thread(s), {title}; microseconds, medians", of_table, way, peers)
    _print_lacking(measurements)
    print(LEGEND, end="\n\n")


def print_goals(goals: Sequence[Goal]) -> None:
    verdicts = {True: "met", False: "missed", None: "-"}
    rows = [[goal.measure, goal.goal, goal.reached, verdicts[goal.met]] for goal in goals]
    show("goals", ["measure", "goal", "reached", ""], rows)
    for goal in goals:
        if goal.misses:
            print(f"{goal.measure}, {goal.goal}; missed by {', '.join(goal.misses)}")


def _print_lacking(measurements: Sequence[Measurement]) -> None:
    for peer in dict.fromkeys(name for m in measurements for name in m.lacking):
        cases = dict.fromkeys(m.case.name for m in measurements if peer in m.lacking)
        print(f"{peer} lacks: {', '.join(cases)}")


def _print_table(title: str, measurements: Sequence[Measurement], way: str, peers: Sequence[str]) -> None:
    rivals = [RIVAL] if RIVAL in peers else []
    header = ["case", *peers, "limit", *(f"to {r}" for r in rivals), "to best peer", "of limit"]
    rows = [[m.case.name, *(_cell(m, peer, way) for peer in peers), f"{1e6 * m.stream:.1f} {traffic(m.case).name}",
             *(_times(ratio(m, way, [r])) for r in rivals), _times(ratio(m, way, peers)),
             f"{m.stream / m.times[OURS, way]:.0%}"] for m in measurements]  # fmt: skip
    means = ["geometric mean of the core list"] + [""] * (len(peers) + 1)
    for among in ([rivals] if rivals else []) + [peers]:
        ratios = [r for m in measurements if m.case in CORE and (r := ratio(m, way, among)) is not None]
        means.append(_times(geometric_mean(ratios)))
    show(title, header, [*rows, [*means, ""]])

    to_best = {m.case.name: r for m in measurements if (r := ratio(m, way, peers)) is not None}
    lost = [f"{name} ({_times(r)})" for name, r in to_best.items() if r < 1]
    print(f"faster than every peer in {len(to_best) - len(lost)} of {len(to_best)} cases", end="")
    print(f"; slower in {', '.join(lost)}\n" if lost else "\n")


def _cell(m: Measurement, peer: str, way: str) -> str:
    time = m.times.get((peer, way)) if peer == OURS else m.best(peer, way)
    if time is None:
        return "-"
    return f"{1e6 * time:.1f}" + ("*" if time != m.times.get((peer, way)) else "")


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"
