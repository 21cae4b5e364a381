"""``python -m simdnorm``: check this installation; ``info`` says what it is, ``bench`` how fast."""

import argparse
import json
import sys

from . import runtime
from ._selfcheck import check, plan, speed
from ._selfcheck.specs import SPECS


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m simdnorm",
        description="Without a command: check every operation, dtype and instruction set of this machine against the "
        "reference, and show the speed beside NumPy's. The exit status is 0 only if all checks hold.",
    )
    commands = parser.add_subparsers(dest="command", metavar="command")
    info = commands.add_parser("info", help="say how simdnorm was built and what it runs on")
    info.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("bench", help="show the speed beside NumPy's, without the checks")
    options = parser.parse_args(arguments)

    if options.command == "info":
        if options.json:
            print(json.dumps(runtime.config(), indent=2))
        else:
            runtime.show_config()
        return 0
    if options.command == "bench":
        _print_table(None, speed.measure())
        return 0
    runtime.show_config()
    findings = check.check()
    _print_table(findings, speed.measure())
    failures = [finding.failures for finding in findings.values() if finding.failures]
    for first, *others in failures:
        print(f"\n{first}" + (f", and {len(others)} more" if others else ""))
    print("\nCHECKS FAILED: do not trust this installation" if failures else "\nall checks hold")
    return 1 if failures else 0


def _print_table(findings: check.Findings | None, timings: dict[str, speed.Timing]) -> None:
    """Print a line for each operation: how exact it is in each dtype, where that was checked, and how fast."""
    print()
    dtypes = [dtype.name for dtype in plan.dtypes()] if findings else []
    if findings:
        print("error: the largest, in units of the last place of the result or of the terms that cancel in it,")
        print(f"       over {', '.join(runtime.available_isas())}; FAILED where it is beyond its bound")
        if "bfloat16" not in dtypes:
            print("       (bfloat16 was NOT checked: ml_dtypes is not installed)")
    print(f"speed: microseconds in float32, {runtime.isa()}, {runtime.get_num_threads()} thread(s); medians in turns")
    header = f"{'shape':>15}{'simdnorm':>10}{'NumPy':>9}{'faster by':>11}"
    print(f"\n{'':<26}" + "".join(f"{dtype:>9}" for dtype in dtypes) + header)
    for spec in SPECS:
        line = f"{spec.name:<26}"
        for dtype in dtypes:
            finding = findings[spec.name, dtype] if findings else check.Finding()
            line += f"{'FAILED' if finding.failures else f'{finding.places:.2f}':>9}"
        if spec.name in timings:
            t = timings[spec.name]
            shape = "x".join(map(str, t.shape))
            line += f"{shape:>15}{t.simdnorm:>10.0f}{t.numpy:>9.0f}{t.numpy / t.simdnorm:>10.1f}x"
        if findings or spec.name in timings:
            print(line)


if __name__ == "__main__":
    sys.exit(main())
