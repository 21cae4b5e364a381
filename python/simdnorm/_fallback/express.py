"""There is no express lane here, for arrays or for tensors: every call takes the way through the checks."""

from collections.abc import Callable


def __getattr__(name: str) -> Callable[..., None]:
    """Answer for any operation: a closer look is needed."""
    return _closer_look


def _closer_look(*arguments: object) -> None:
    return None
