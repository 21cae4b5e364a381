"""Progress, on stderr, away from results: a bar on a terminal, rich's if that is installed; elsewhere plain lines."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def track(items: Sequence[T], what: str, name: Callable[[T], str]) -> Iterator[T]:
    """Yield the items, and show how many are done; lines say which one comes next."""
    if not sys.stderr.isatty():
        yield from _lines(items, what, name)
        return
    try:
        from rich.console import Console
        from rich.progress import track as rich_track
    except ModuleNotFoundError:
        yield from _own_bar(items, what)
    else:
        # Drawn between the items only: a thread of its own would run beside what is timed.
        console = Console(stderr=True)
        yield from rich_track(items, description=what, console=console, transient=True, auto_refresh=False)


def _lines(items: Sequence[T], what: str, name: Callable[[T], str]) -> Iterator[T]:
    for number, item in enumerate(items, 1):
        print(f"{what} {number}/{len(items)}: {name(item)}", file=sys.stderr, flush=True)
        yield item


def _own_bar(items: Sequence[T], what: str, width: int = 40) -> Iterator[T]:
    for done, item in enumerate(items):
        filled = width * done // len(items)
        bar = f"\r{what} [{'#' * filled}{'.' * (width - filled)}] {done}/{len(items)}"
        print(bar, end="", file=sys.stderr, flush=True)
        yield item
    print(f"\r{' ' * (len(what) + width + 20)}\r", end="", file=sys.stderr, flush=True)
