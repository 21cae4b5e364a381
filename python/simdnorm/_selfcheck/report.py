"""What was found and timed, for people and for programs."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import runtime
from . import plan
from .check import Finding, Findings
from .specs import SPECS
from .speed import Timing

Timings = Mapping[str, Timing]
PLOTS = (".png", ".svg", ".pdf")


def table(findings: Findings, timings: Timings) -> None:
    """Print a line for each operation: how exact it is in each dtype, where that was checked, and how fast."""
    print()
    dtypes = [dtype.name for dtype in plan.dtypes()] if findings else []
    if findings:
        print("error: the largest, in units of the last place of the result or of the terms that cancel in it,")
        print(f"       over {', '.join(runtime.available_isas())}; FAILED where it is beyond its bound")
        if "bfloat16" not in dtypes:
            print("       (bfloat16 was NOT checked: ml_dtypes is not installed)")
    header = f"{'':<26}" + "".join(f"{dtype:>9}" for dtype in dtypes)
    if timings:
        print(f"speed: microseconds in float32, {_who()}; medians in turns")
        header += f"{'shape':>15}{'simdnorm':>10}{'NumPy':>9}{'faster by':>11}"
    print(f"\n{header}")
    for spec in SPECS:
        if findings or spec.name in timings:
            of_dtypes = (findings.get((spec.name, dtype), Finding()) for dtype in dtypes)
            print(f"{spec.name:<26}" + "".join(map(_places, of_dtypes)) + _times(timings.get(spec.name)))


def plain(timings: Timings) -> dict[str, dict[str, Any]]:
    """Return what JSON can hold."""
    return {name: asdict(timing) for name, timing in timings.items()}


def why_no_plot(file: Path) -> str | None:
    """Say why there could be no plot in that file, before anything is timed for it."""
    if file.suffix not in PLOTS:
        return f"must be a file that ends in {', '.join(PLOTS)}"
    if not file.parent.is_dir():
        return "is in no directory that there is"
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        return "is no file that can be written"
    if importlib.util.find_spec("matplotlib") is None:
        return "needs matplotlib (python -m pip install matplotlib)"
    return None


def plot(timings: Timings, file: Path) -> None:
    """Draw how many times faster than NumPy each operation is."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(timings)
    figure, axes = pyplot.subplots(figsize=(7, 1 + 0.3 * len(names)), layout="constrained")
    bars = axes.barh(names, [t.numpy / t.simdnorm for t in timings.values()])
    axes.bar_label(bars, fmt="%.1fx", padding=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xlabel="times faster than NumPy")
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_title(f"simdnorm {runtime.config()['version']}, float32, {_who()}", fontsize="medium")
    figure.savefig(file, dpi=150)
    pyplot.close(figure)


def _who() -> str:
    return f"{runtime.isa()}, {runtime.get_num_threads()} thread(s)"


def _places(finding: Finding) -> str:
    return f"{'FAILED' if finding.failures else f'{finding.places:.2f}':>9}"


def _times(timing: Timing | None) -> str:
    if timing is None:
        return ""
    shape = "x".join(map(str, timing.shape))
    return f"{shape:>15}{timing.simdnorm:>10.0f}{timing.numpy:>9.0f}{timing.numpy / timing.simdnorm:>10.1f}x"
