"""A bar on the terminal, where rich is installed and someone watches."""

from contextlib import AbstractContextManager
from types import TracebackType


class Progress(AbstractContextManager["Progress"]):
    def __init__(self, steps: int) -> None:
        self._bar = None
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar
        except ModuleNotFoundError:
            return
        console = Console(stderr=True)
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=console, transient=True)
            self._task = self._bar.add_task("starting", total=steps)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, now: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=now)

    def advance(self) -> None:
        if self._bar is not None:
            self._bar.advance(self._task)
