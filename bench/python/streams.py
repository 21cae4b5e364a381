"""The limit: the reads and writes that an operation must do, in C (c/stream.c), or in NumPy where no compiler is.

Stores go through the caches in one way and past them in another; on several threads either may be faster on one.
The fastest counts.
"""

import ctypes
from collections.abc import Callable
from functools import cache, partial

import native
import numpy as np
from cases import Array
from operands import Operands
from traffic import LINE, traffic


class Stream(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_void_p * 3),
        ("outputs", ctypes.c_void_p * 2),
        *((name, ctypes.c_size_t) for name in ("lines", "item")),
        *((name, ctypes.c_int) for name in ("threads", "past")),
    )


@cache
def _library() -> ctypes.CDLL | str:
    """Return the library, or why there is none."""
    try:
        library = native.load("stream.c")
    except native.NoCompiler as error:
        return str(error)
    library.stream.argtypes = (ctypes.POINTER(Stream),)
    return library


def kind() -> str:
    """Say what streams are made of."""
    return f"NumPy, one thread ({_library()})" if isinstance(_library(), str) else "C, plain and streaming stores"


def streams(o: Operands, threads: int) -> dict[str, Callable[[], object]]:
    """Return the ways of streaming that may be the fastest."""
    library, moved = _library(), traffic(o.case)
    inputs = ([o.dy, o.x] if o.case.backward else [o.x]) + (_beside(o) if o.case.added else [])
    outputs = [o.dx if o.case.backward else o.y] + ([o.other] if moved.writes == 2 else [])
    if isinstance(library, str):
        return {"NumPy": partial(_in_numpy, inputs, outputs, twice=moved.item > 0)}
    return {
        f"C, {count}, {past}": partial(library.stream, _described(inputs, outputs, moved.item, count, past))
        for count in {1, threads}
        for past in (False, True)
    }


def _beside(o: Operands) -> list[Array]:
    return [o.dsummed if o.case.backward else o.residual]


def _described(inputs: list[Array], outputs: list[Array], item: int, threads: int, past: bool) -> Stream:
    """Describe it to C; what is left of a line at the end is not moved."""
    of = [(ctypes.c_void_p * n)(*(a.ctypes.data for a in arrays)) for n, arrays in ((3, inputs), (2, outputs))]
    stream = Stream(*of, inputs[0].nbytes // LINE, item // LINE, threads, past)
    stream.arrays = (inputs, outputs)  # they have to stay
    return stream


def _in_numpy(inputs: list[Array], outputs: list[Array], twice: bool) -> None:
    first, *others = (array.reshape(-1).view(np.uint16) for array in inputs)
    into, *more = (array.reshape(-1).view(np.uint16) for array in outputs)
    for array in inputs if twice else ():
        np.max(array.reshape(-1).view(np.uint16))
    if others:
        np.add(first, others[0], out=into)
    else:
        np.copyto(into, first)
    for array in others[1:]:
        np.add(into, array, out=into)
    for array in more:
        np.copyto(array, into)
