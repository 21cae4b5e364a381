"""The measurements as a file: JSON for programs, a plot for people."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cases import Case
from goals import Goal
from measurement import Measurement
from ratios import TITLES, ratio


def write_json(
    file: Path,
    about: dict[str, Any],
    measurements: Sequence[Measurement],
    memory: Mapping[Case, int | None],
    goals: Sequence[Goal],
) -> None:
    read = {
        **about,
        "measurements": [m.to_json() for m in measurements],
        "memory beyond inputs and outputs": {case.name: taken for case, taken in memory.items()},
        "goals": [dataclasses.asdict(goal) for goal in goals],
    }
    file.write_text(json.dumps(read, indent=2) + "\n")


def plot(file: Path, about: dict[str, Any], measurements: Sequence[Measurement], peers: Sequence[str]) -> None:
    """Draw how many times faster than the best peer simdnorm is; bars to the left of the line are losses."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import LogLocator, NullFormatter

    names = list(dict.fromkeys(m.case.name for m in measurements))
    series = [(threads, way) for threads in dict.fromkeys(m.threads for m in measurements) for way in TITLES]
    figure, axes = pyplot.subplots(figsize=(9, 1.5 + 0.08 * len(names) * (len(series) + 1)), layout="constrained")
    height = 1 / (len(series) + 1)
    for i, (threads, way) in enumerate(series):
        ratios = {m.case.name: ratio(m, way, peers) for m in measurements if m.threads == threads}
        bars = [(names.index(name) + i * height, r - 1) for name, r in ratios.items() if r is not None]
        if bars:
            label = f"{threads} thread(s), {TITLES[way]}"
            places, lengths = zip(*bars, strict=True)
            axes.barh(places, lengths, height=height, left=1, label=label)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times faster than the best peer (left of 1: slower)")
    axes.set_yticks([i + (len(series) - 1) / 2 * height for i in range(len(names))], names)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.set_title(f"simdnorm beside {', '.join(peers[1:])}\n{about['processor']}", fontsize="medium")
    axes.legend(fontsize="small")
    figure.savefig(file, dpi=150)
    pyplot.close(figure)
