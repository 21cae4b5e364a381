"""The results of a backward pass: room for those that are needed, None for the rest."""

from collections.abc import Iterable

from .._dtypes import Array
from .._frame import Frame
from .._scalars import checked_need

Optional = Array | None

_NONE = None, None


class Gradients:
    """dx, dweight and, where the norm has a bias, dbias; false where none of them is needed."""

    __slots__ = ("_any", "_dx", "_parameters", "written")

    def __init__(
        self,
        frame: Frame,
        names: tuple[str, ...],
        need: object,
        weight: Optional,
        out: object,
        may_be: Iterable[Array],
        apart: Iterable[Optional],
    ) -> None:
        need_dx, *needed = checked_need(need, names)
        if out is not None and not need_dx:
            raise ValueError("out is the buffer for dx, which need leaves out")
        needed[0] = needed[0] and weight is not None
        self._any = need_dx or any(needed)
        self._dx = frame.output(out, may_be, (weight, *apart)) if need_dx else None
        self._parameters = [frame.parameter_room(weight) if n else _NONE for n in needed]
        dx_ = None if self._dx is None else self._dx.written
        self.written = [dx_, *[written for _, written in self._parameters]]

    def __bool__(self) -> bool:
        return self._any

    def settled(self) -> tuple[Optional, ...]:
        """Return what the caller asked for."""
        dx = None if self._dx is None else self._dx.settled()
        return dx, *[returned for returned, _ in self._parameters]
