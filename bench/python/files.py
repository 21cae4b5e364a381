"""The measurements as a file: JSON for programs, a plot for people."""

import json
from collections.abc import Sequence
from pathlib import Path

from measure import WAYS, Measurement
from report import TITLES, ratio


def write_json(file: Path, machine: dict[str, object], measurements: Sequence[Measurement]) -> None:
    runs = [
        {
            "case": m.case.name,
            "operation": m.case.operation,
            "shape": m.case.shape,
            "layout": m.case.layout,
            "dtype": m.case.dtype,
            "masked": m.case.masked,
            "threads": m.threads,
            "seconds": {way: {peer: time for (peer, w), time in m.times.items() if w == way} for way in WAYS},
            "stream": {"kind": m.case.stream, "seconds": m.stream},
            "lacking": m.lacking,
        }
        for m in measurements
    ]
    file.write_text(json.dumps({**machine, "measurements": runs}, indent=2) + "\n")


def plot(file: Path, machine: dict[str, object], measurements: Sequence[Measurement], peers: Sequence[str]) -> None:
    """Draw how many times faster than the best peer simdnorm is; bars to the left of the line are losses."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(m.case.name for m in measurements))
    series = [(threads, way) for threads in dict.fromkeys(m.threads for m in measurements) for way in WAYS]
    figure, axes = pyplot.subplots(figsize=(9, 1.5 + 0.16 * len(names) * (len(series) + 1)), layout="constrained")
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
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.set_title(f"simdnorm beside {', '.join(peers[1:])}\n{machine['processor']}", fontsize="medium")
    axes.legend(fontsize="small")
    figure.savefig(file, dpi=150)
    pyplot.close(figure)
