"""``python -m simdnorm``: check this installation; ``info`` says what it is, ``bench`` how fast."""

import argparse
import json
import sys

from . import runtime
from ._selfcheck import check, speed


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
        _print_speed()
        return 0
    runtime.show_config()
    held = _print_check()
    _print_speed()
    print("\nall checks hold" if held else "\nCHECKS FAILED: do not trust this installation")
    return 0 if held else 1


def _print_check() -> bool:
    findings, isas = check.check(), runtime.available_isas()
    print("\nlargest error, in units of the last place of the result or of the terms that cancel in it")
    print(f"{'':<28}{'dtype':<9}" + "".join(f"{isa:>10}" for isa in isas))
    for finding in findings:
        cells = "".join(f"{finding.errors[isa]:>10.2f}" for isa in isas)
        print(f"{finding.name:<28}{finding.dtype:<9}{cells}" + ("   FAILED" if finding.failures else ""))
    failures = [failure for finding in findings for failure in finding.failures]
    for failure in failures:
        print(failure)
    return not failures


def _print_speed() -> None:
    timings = speed.measure()
    print(
        f"\nmicroseconds, float32, isa {runtime.isa()}, {runtime.get_num_threads()} thread(s); medians, taken in turns"
    )
    print(f"{'':<28}{'shape':<18}{'simdnorm':>10}{'NumPy':>10}{'faster by':>11}")
    for t in timings:
        shape = "x".join(map(str, t.shape))
        print(f"{t.name:<28}{shape:<18}{t.simdnorm:>10.0f}{t.numpy:>10.0f}{t.numpy / t.simdnorm:>10.1f}x")


if __name__ == "__main__":
    sys.exit(main())
