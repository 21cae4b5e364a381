"""What the project aims at beside what was measured: a line for each goal, with the cases that miss it.

Means and ratios are over the core list. The best peer is the fastest one of each case.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import machine
import memory
from case_lists import CALL, CORE, FRESH
from cases import Case
from measurement import Measurement
from ratios import OURS, RIVAL, TITLES, geometric_mean, ratio
from traffic import size

MANY_ROWS = 256


@dataclass(frozen=True)
class Goal:
    measure: str
    goal: str
    reached: str
    """A mean, or the worst case; "-" where nothing of the kind was measured."""
    met: bool | None
    misses: tuple[str, ...] = ()


def goals(measurements: Sequence[Measurement], taken: Mapping[Case, int | None], peers: Sequence[str]) -> list[Goal]:
    core = [m for m in measurements if m.case in CORE]
    return [
        *_beside_peers(core, peers),
        *_beside_rival(core),
        *_beside_limit(core),
        _threads(core),
        *_tiny(measurements),
        *_fresh(measurements),
        _memory(taken),
    ]


def _beside_peers(core: Sequence[Measurement], peers: Sequence[str]) -> Iterable[Goal]:
    for threads, way, of_run in _runs(core):
        ratios = {m.case.name: r for m in of_run if (r := ratio(m, way, peers)) is not None}
        where = f"best peer, {threads} thread(s), {TITLES[way]}"
        yield _mean(f"{where}: geometric mean", ratios, 2.0)
        yield _least(f"{where}: worst case", ratios, 1.1)


def _beside_rival(core: Sequence[Measurement]) -> Iterable[Goal]:
    for threads, way, of_run in _runs(core):
        ratios = {m.case: r for m in of_run if (r := ratio(m, way, [RIVAL])) is not None}
        where = f"{RIVAL}, {threads} thread(s), {TITLES[way]}"
        yield _mean(f"{where}: geometric mean", {case.name: r for case, r in ratios.items()}, 3.5)
        for operation in ("rms_norm_forward", "rms_norm_backward"):
            of_rms = {case.name: r for case, r in ratios.items() if case.operation == operation}
            yield _mean(f"{where}: {operation}", of_rms, 8.0)


def _beside_limit(core: Sequence[Measurement]) -> Iterable[Goal]:
    beyond = machine.out_of_cache()
    for threads in _threads_of(core):
        run = [m for m in core if m.threads == threads]
        for way, most in (("forward", 1.15), ("backward", 1.25)):
            times = _over_limit(run, lambda c: size(c) > beyond and c.backward == (way == "backward"))  # noqa: B023
            yield _most(f"limit, {threads} thread(s), out of cache, {way}: worst case", times, most)
        times = _over_limit(run, lambda c: size(c) <= machine.l2() and not c.backward)
        yield _most(f"limit, {threads} thread(s), in L2, forward: worst case", times, 2.0)


def _over_limit(run: Iterable[Measurement], among: Callable[[Case], bool]) -> dict[str, float]:
    return {m.case.name: time / m.stream for m in run if among(m.case) and (time := m.best(OURS, "out")) is not None}


def _threads(core: Sequence[Measurement]) -> Goal:
    def chosen(case: Case) -> bool:
        return size(case) <= machine.out_of_cache() and math.prod(case.shape[:-1]) >= MANY_ROWS

    times = {(m.case.name, m.threads): m.times[OURS, "out"] for m in core if chosen(m.case)}
    gains = {
        name: times[name, 1] / time for (name, threads), time in times.items() if threads == 2 and (name, 1) in times
    }
    return _least(f"2 threads against 1, in cache, {MANY_ROWS} rows and more: worst case", gains, 1.8)


def _tiny(measurements: Iterable[Measurement]) -> Iterable[Goal]:
    for m in measurements:
        if m.case == CALL:
            ours, theirs = m.times[OURS, "out"], m.best(RIVAL, "out")
            met = ours <= 1.2e-6 and (theirs is None or ours < theirs)
            beside = "" if theirs is None else f" ({RIVAL} {1e6 * theirs:.2f})"
            reached = f"{1e6 * ours:.2f} us{beside}"
            yield Goal(f"a tiny call, {m.threads} thread(s), {m.case.name}", f"1.2 us, below {RIVAL}", reached, met)


def _fresh(measurements: Sequence[Measurement]) -> Iterable[Goal]:
    for threads in _threads_of(measurements):
        times = {
            m.case.name: m.times[OURS, "fresh"] / m.times[OURS, "out"]
            for m in measurements
            if m.case in FRESH and m.threads == threads
        }
        yield _most(f"fresh outputs against out=, 16 MiB to 1 GiB, {threads} thread(s): worst case", times, 1.3)


def _memory(taken: Mapping[Case, int | None]) -> Goal:
    known = {case: amount for case, amount in taken.items() if amount is not None}
    misses = tuple(f"{case.name} ({a / 2**20:.2f} MiB)" for case, a in known.items() if a >= memory.allowed(case))
    reached = f"{max(known.values()) / 2**20:.2f} MiB" if known else "-"
    goal = f"1 MiB + 2 floats a column and block of rows (at most {memory.BLOCKS})"
    return Goal("memory beyond inputs and outputs: worst case", goal, reached, not misses if known else None, misses)


def _threads_of(measurements: Iterable[Measurement]) -> list[int]:
    return list(dict.fromkeys(m.threads for m in measurements))


def _runs(core: Sequence[Measurement]) -> Iterable[tuple[int, str, list[Measurement]]]:
    for threads in _threads_of(core):
        for way in TITLES:
            yield threads, way, [m for m in core if m.threads == threads]


def _mean(measure: str, ratios: Mapping[str, float], least: float) -> Goal:
    mean = geometric_mean(list(ratios.values()))
    return Goal(measure, f"{least:g}x", _times(mean), None if mean is None else mean >= least)


def _least(measure: str, ratios: Mapping[str, float], least: float) -> Goal:
    worst = min(ratios.values(), default=None)
    misses = sorted((r, name) for name, r in ratios.items() if r < least)
    return _judged(measure, f"at least {least:g}x", worst, misses)


def _most(measure: str, ratios: Mapping[str, float], most: float) -> Goal:
    worst = max(ratios.values(), default=None)
    misses = sorted(((r, name) for name, r in ratios.items() if r > most), reverse=True)
    return _judged(measure, f"at most {most:g}x", worst, misses)


def _judged(measure: str, goal: str, worst: float | None, misses: Sequence[tuple[float, str]]) -> Goal:
    said = tuple(f"{name} ({_times(r)})" for r, name in misses)
    return Goal(measure, goal, _times(worst), None if worst is None else not misses, said)


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"
