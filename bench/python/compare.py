"""Time simdnorm beside its peers, in turns in one process for each number of threads, and beside what memory allows."""

import argparse
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import machine
from case_lists import LISTS, chosen
from cases import Case
from files import plot, write_json
from goals import goals
from measurement import Measurement
from memory import taken
from page import write_page
from processes import measured
from progress import Progress
from report import print_about, print_goals, print_tables


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    cases = chosen(options.set, options.cases)
    if not cases:
        raise SystemExit(f"no case has {options.cases!r} in its name; there are: " + _names(chosen(LISTS, "")))
    if (options.plot or options.page) and importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("matplotlib is not installed: python -m pip install 'simdnorm[bench]'")
    if left_out := [case for case in cases if not case.available]:
        print(f"left out, for ml_dtypes is not installed: {_names(left_out)}")
        cases = [case for case in cases if case.available]

    found: dict[str, Any] = {}
    measurements: list[Measurement] = []
    failures: list[str] = []
    memory: dict[Case, int | None] = {}
    with Progress(len(cases) * (len(options.threads) + options.memory)) as progress:
        for threads in options.threads:
            progress.say(f"{threads} thread(s)")
            for peers, measurement, failure in measured(options, threads):
                found = peers or found
                failures += [failure] if failure else []
                if measurement:
                    measurements.append(measurement)
                    progress.advance()
        progress.say("memory")
        for case in cases if options.memory and measurements else ():
            memory[case] = taken(case, max(options.threads))
            progress.advance()

    if measurements:
        _report(
            options,
            machine.about() | found | {"failures": failures},
            measurements,
            memory,
        )
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _report(
    options: argparse.Namespace,
    about: dict[str, Any],
    measurements: Sequence[Measurement],
    memory: Mapping[Case, int | None],
) -> None:
    peers = list(about["peers"])
    summary = goals(measurements, memory, peers)
    print_about(about)
    print_tables(measurements, peers)
    print_goals(summary)
    if options.json:
        write_json(options.json, about, measurements, memory, summary)
    if options.plot:
        plot(options.plot, about, measurements, peers)
    if options.page:
        write_page(options.page, about, measurements, summary)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set",
        nargs="+",
        choices=LISTS,
        default=["core", "goals"],
        help="core and goals if not given",
    )
    parser.add_argument(
        "--cases",
        default="",
        metavar="TEXT",
        help="only the cases with this in their name",
    )
    parser.add_argument("--threads", type=_counts, default=(1, 2), metavar="1,2")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each case and number of threads")
    parser.add_argument(
        "--memory",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure memory as well",
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="a page of documentation, with a picture beside it")
    return parser.parse_args(arguments)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(count) for count in text.split(","))


def _names(cases: Iterable[Case]) -> str:
    return ", ".join(case.name for case in cases)


if __name__ == "__main__":
    sys.exit(main())
