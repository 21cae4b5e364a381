"""The tables: losses stand in them like gains."""

import math
from collections.abc import Sequence

from measure import Measurement

OURS, RIVAL = "simdnorm", "PyTorch"
LEGEND = """\
stream: NumPy's copyto (copy, two copies) or add with out= (add) over the same arrays, in parts on more threads: the
bytes that the operation has to move. of stream: the stream's time over simdnorm's, 100% is as fast as memory.
to ...: how many times as long as simdnorm the peer takes; below 1 simdnorm is the slower one.
*: the peer's own way into given outputs is slower than its fresh outputs, whose time this is."""
TITLES = {"fresh": "fresh outputs", "out": "into given outputs (out=)"}


def ratio(m: Measurement, way: str, peers: Sequence[str]) -> float | None:
    """Return how many times the fastest of `peers` takes as long as simdnorm: below 1 is a loss."""
    times = [time for peer in peers if peer != OURS and (time := m.best(peer, way)) is not None]
    ours = m.times.get((OURS, way))
    return min(times) / ours if times and ours else None


def geometric_mean(ratios: Sequence[float]) -> float:
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))


def print_tables(measurements: Sequence[Measurement], peers: Sequence[str]) -> None:
    for threads in dict.fromkeys(m.threads for m in measurements):
        for way, title in TITLES.items():
            of_table = [m for m in measurements if m.threads == threads]
            _print_table(f"{threads} thread(s), {title}; microseconds, medians", of_table, way, peers)
    _print_lacking(measurements)
    print(LEGEND)


def _print_lacking(measurements: Sequence[Measurement]) -> None:
    for peer in dict.fromkeys(name for m in measurements for name in m.lacking):
        cases = dict.fromkeys(m.case.name for m in measurements if peer in m.lacking)
        print(f"{peer} lacks: {', '.join(cases)}")


def _print_table(title: str, measurements: Sequence[Measurement], way: str, peers: Sequence[str]) -> None:
    rivals = [RIVAL] if RIVAL in peers else []
    header = ["case", *peers, "stream", *(f"to {r}" for r in rivals), "to best peer", "of stream"]
    rows = [[m.case.name, *(_cell(m, peer, way) for peer in peers), f"{1e6 * m.stream:.1f} {m.case.stream}",
             *(_times(ratio(m, way, [r])) for r in rivals), _times(ratio(m, way, peers)),
             f"{m.stream / m.times[OURS, way]:.0%}"] for m in measurements]  # fmt: skip
    means = ["geometric mean"] + [""] * (len(peers) + 1)
    for among in ([rivals] if rivals else []) + [peers]:
        ratios = [r for m in measurements if (r := ratio(m, way, among)) is not None]
        means.append(_times(geometric_mean(ratios) if ratios else None))
    show(title, header, [*rows, [*means, ""]])

    to_best = {m.case.name: r for m in measurements if (r := ratio(m, way, peers)) is not None}
    lost = [f"{name} ({_times(r)})" for name, r in to_best.items() if r < 1]
    print(f"faster than every peer in {len(to_best) - len(lost)} of {len(to_best)} cases", end="")
    print(f"; slower in {', '.join(lost)}\n" if lost else "\n")


def _cell(m: Measurement, peer: str, way: str) -> str:
    time = m.times.get((peer, way)) if peer == OURS else m.best(peer, way)
    if time is None:
        return "-"
    return f"{1e6 * time:.1f}" + ("*" if time != m.times.get((peer, way)) else "")


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, rich's where that is installed and someone watches."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ModuleNotFoundError:
        console = None
    else:
        console = Console()
    if console is not None and console.is_terminal:
        table = Table(title=title, title_justify="left")
        for i, name in enumerate(header):
            table.add_column(name, justify="right" if i else "left")
        for row in rows:
            table.add_row(*(f"[red]{c}[/]" if c.startswith("0.") and c.endswith("x") else c for c in row))
        console.print(table)
        return
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    print(title)
    for row in (header, *rows):
        print("  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))))
