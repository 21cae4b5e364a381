"""``python -m simdnorm``: check this installation, say what it is, and show how fast."""

import argparse
import json
import sys
from pathlib import Path

from . import runtime
from ._selfcheck import check, report, speed

DESCRIPTION = """\
Without a command: check every operation, dtype and instruction set of this machine
against the reference, and show the speed beside NumPy's.
"""
INFO_DESCRIPTION = """\
Say how simdnorm was built; which instruction set and how many threads it uses, and what chose them;
and which OpenMP runtimes this process has loaded.
"""
CHECK_DESCRIPTION = """\
Check every operation, dtype and instruction set of this machine against the reference. The exit status
is 1 where a result is further from the exact one than its bound.
"""
BENCH_DESCRIPTION = """\
Time every operation in float32, in turns with what one would write in NumPy; medians in microseconds.
OMP_NUM_THREADS and SIMDNORM_ISA choose what it runs on.
"""
EPILOG = """\
examples:
  python -m simdnorm                          is this installation right, and how fast is it?
  python -m simdnorm info --json              what runs here, for programs
  python -m simdnorm bench --plot speed.svg   how fast, as a picture
  OMP_NUM_THREADS=1 python -m simdnorm bench  on one thread
  SIMDNORM_ISA=avx2 python -m simdnorm bench  on an instruction set of your choice

exit status: 0, all checks hold; 1, one does not; 2, the command line is wrong
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and return its exit status."""
    options = _parser().parse_args(arguments)
    match options.command:
        case "info":
            return _info(options.json)
        case "bench":
            return _bench(options.seconds, options.json, options.plot)
        case "check":
            return _check(with_speed=False)
    return _check(with_speed=True)


def _info(as_json: bool) -> int:
    if as_json:
        print(json.dumps(runtime.config(), indent=2))
    else:
        runtime.show_config()
    return 0


def _check(with_speed: bool) -> int:
    runtime.show_config()
    sys.stdout.flush()  # progress goes to stderr, and should not come first in a log of both
    findings = check.check()
    report.table(findings, speed.measure() if with_speed else {})
    failures = [finding.failures for finding in findings.values() if finding.failures]
    for first, *others in failures:
        print(f"\n{first}" + (f", and {len(others)} more" if others else ""))
    print("\nCHECKS FAILED: do not trust this installation" if failures else "\nall checks hold")
    return 1 if failures else 0


def _bench(seconds: float, as_json: bool, plot: Path | None) -> int:
    timings = speed.measure(seconds)
    if as_json:
        print(json.dumps(runtime.config() | {"microseconds": report.plain(timings)}, indent=2))
    else:
        report.table({}, timings)
    if plot:
        report.plot(timings, plot)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simdnorm",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"simdnorm {runtime.config()['version']}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    info = commands.add_parser(
        "info", help="say how simdnorm was built, what it runs on, and why", description=INFO_DESCRIPTION
    )
    info.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("check", help="check this installation, without timing it", description=CHECK_DESCRIPTION)
    bench = commands.add_parser(
        "bench", help="show the speed beside NumPy's, without the checks", description=BENCH_DESCRIPTION
    )
    bench.add_argument(
        "--seconds", type=_positive, default=speed.SECONDS, help="for each operation (default: %(default)s)"
    )
    bench.add_argument("--json", action="store_true", help="for programs")
    bench.add_argument("--plot", type=_plot, metavar="FILE", help="draw it, too: .png, .svg or .pdf (needs matplotlib)")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {text!r}")
    return value


def _plot(text: str) -> Path:
    file = Path(text)
    if why := report.why_no_plot(file):
        raise argparse.ArgumentTypeError(f"{text!r} {why}")
    return file


if __name__ == "__main__":
    sys.exit(main())
