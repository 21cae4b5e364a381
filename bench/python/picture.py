"""The measurements as one picture: a row for each operation, a dot for each case, how many times faster than others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurement import Measurement
from ratios import OURS, RIVAL, ratio

WAY = "fresh"
COLOURS = {"best": "#1f77b4", "lost": "#d62728", RIVAL: "#9aa0a6"}


def draw(file: Path, about: dict[str, Any], measurements: Sequence[Measurement], threads: int) -> None:
    """Draw the cases on so many threads; legible on light and on dark pages."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter

    matplotlib.rcParams["svg.hashsalt"] = "simdnorm"  # the same measurements are the same file
    peers = list(about["peers"])
    shown = [m for m in measurements if m.threads == threads]
    operations = list(dict.fromkeys(m.case.operation for m in shown))
    figure, axes = pyplot.subplots(figsize=(8, 1.6 + 0.28 * len(operations)), layout="constrained")
    figure.set_facecolor("white")
    for among, colour, offset in (([RIVAL], COLOURS[RIVAL], 0.16), (peers, COLOURS["best"], -0.12)):
        dots = [
            (r, operations.index(m.case.operation) + offset) for m in shown if (r := ratio(m, WAY, among)) is not None
        ]
        if not dots:
            continue
        lost = [COLOURS["lost"] if among is peers and r < 1 else colour for r, _ in dots]
        axes.scatter(*zip(*dots, strict=True), c=lost, s=22 if among is peers else 14, alpha=0.8, linewidths=0)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel=f"times faster than others, {threads} thread(s), fresh outputs (left of 1: slower)")
    axes.set_yticks(range(len(operations)), operations)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", linewidth=0.3)
    axes.invert_yaxis()
    labels = {"best": "than the fastest of all others", "lost": "slower than the fastest", RIVAL: f"than {RIVAL}"}
    handles = [Line2D([], [], marker="o", linestyle="", color=COLOURS[key], label=labels[key]) for key in labels]
    axes.legend(handles=handles, fontsize="small", loc="lower right")
    others = ", ".join(f"{name} {version.split(',')[0]}" for name, version in about["peers"].items() if name != OURS)
    axes.set_title(f"simdnorm on {about['processor']}\nbeside {others}", fontsize="small", loc="left")
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=150)
    pyplot.close(figure)
    if file.suffix == ".svg":  # matplotlib ends lines of a path with a space, which no file of the project has
        file.write_text("".join(f"{line.rstrip()}\n" for line in file.read_text().splitlines()))
