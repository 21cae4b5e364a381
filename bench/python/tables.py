"""Tables, on the terminal and on pages of documentation."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


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
            table.add_row(*(f"[red]{c}[/]" if _bad(c) else c for c in row))
        console.print(table)
        return
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    print(title)
    for row in (header, *rows):
        print("  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))))


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_between(page: Path, mark: str, text: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Put a table and a text after it in the place of what stands between the marks of a program on a page."""
    begin, end = (f"<!-- {which} of {mark} -->\n" for which in ("begin", "end"))
    before, _, after = re.split(f"({re.escape(begin)}.*?{re.escape(end)})", page.read_text(), flags=re.S)
    page.write_text(f"{before}{begin}\n{markdown(header, rows)}\n{text}\n\n{end}{after}")


def _bad(cell: str) -> bool:
    return cell == "missed" or (cell.startswith("0.") and cell.endswith("x"))
