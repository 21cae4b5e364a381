"""Tables on the terminal."""

from collections.abc import Sequence


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


def _bad(cell: str) -> bool:
    return cell == "missed" or (cell.startswith("0.") and cell.endswith("x"))
