"""A progress bar: rich's where that is installed, else one of our own; nothing at all where nobody watches."""

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def track(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, and show on the terminal how many are done."""
    if not sys.stdout.isatty():
        yield from items
        return
    try:
        from rich.progress import track as rich_track
    except ModuleNotFoundError:
        yield from _own_bar(items, what)
    else:
        # Drawn between the items only: a thread of its own would run beside what is timed.
        yield from rich_track(items, description=what, transient=True, auto_refresh=False)


def _own_bar(items: Sequence[T], what: str, width: int = 40) -> Iterator[T]:
    for done, item in enumerate(items):
        filled = width * done // len(items)
        print(f"\r{what} [{'#' * filled}{'.' * (width - filled)}] {done}/{len(items)}", end="", flush=True)
        yield item
    print(f"\r{' ' * (len(what) + width + 20)}\r", end="", flush=True)
