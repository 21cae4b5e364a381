"""Time simdnorm, PyTorch and NumPy side by side in one process: in turns, beside what memory allows."""

import argparse
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cases import CASES, Case
from files import plot, write_json
from measure import Measurement, measure
from peers import present
from report import print_tables


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    cases = [case for case in CASES if options.cases in case.name]
    if not cases:
        raise SystemExit(f"no case has {options.cases!r} in its name; there are: " + ", ".join(c.name for c in CASES))
    if options.plot and importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("matplotlib is not installed: python -m pip install 'simdnorm[bench]'")
    peers, absent = present()
    if not any(peer.NAME == "simdnorm" for peer in peers):
        raise SystemExit(f"simdnorm is not installed: {absent['simdnorm']}")
    names = [peer.NAME for peer in peers]
    machine: dict[str, object] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "peers": {peer.NAME: peer.version() for peer in peers},
        "absent": absent,
    }
    print(f"{machine['processor']}, {machine['cores']} core(s) to run on")
    print(*(f"{peer.NAME}: {peer.version()}" for peer in peers), sep="\n")
    print(*(f"absent: {name} ({why})" for name, why in absent.items()), sep="\n")
    if left_out := [case.name for case in cases if not case.available]:
        print(f"left out, for ml_dtypes is not installed: {', '.join(left_out)}")
        cases = [case for case in cases if case.available]

    measurements: list[Measurement] = []
    steps = [(threads, case) for threads in options.threads for case in cases]
    now = None
    for threads, case in _track(steps):
        if threads != now:
            for peer in peers:
                peer.set_threads(threads)
            now = threads
        measurements.append(measure(case, peers, threads, options.seconds))

    print_tables(measurements, names)
    if options.json:
        write_json(options.json, machine, measurements)
    if options.plot:
        plot(options.plot, machine, measurements, names)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="", metavar="TEXT", help="only the cases with this in their name")
    parser.add_argument("--threads", type=_counts, default=(1, 2), metavar="1,2")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each case and number of threads")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(count) for count in text.split(","))


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _track(steps: Sequence[tuple[int, Case]]) -> Iterator[tuple[int, Case]]:
    try:
        from rich.console import Console
        from rich.progress import track
    except ModuleNotFoundError:
        yield from steps
    else:
        console = Console(stderr=True)
        yield from track(steps, "timing", console=console, transient=True, disable=not console.is_terminal)


if __name__ == "__main__":
    sys.exit(main())
