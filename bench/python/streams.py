"""The stream limit: NumPy reading and writing the bytes that an operation must, with no arithmetic worth the name.

"copy" is np.copyto (one array in, one out), "add" np.add with out= (two in, one out), "two copies" are four arrays.
Words of 32 bits are moved, whatever they mean. On more threads the arrays are cut into a part for each; where handing
that out costs more than it brings, the whole on one thread counts.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from cases import Array, Operands


def streams(o: Operands, threads: int, pool: ThreadPoolExecutor) -> dict[str, Callable[[], object]]:
    """Return the ways of streaming that may be the fastest; `pool` has a thread for each part but the caller's own."""
    of_kind: dict[str, tuple[Callable[..., object], tuple[Array, ...]]] = {
        "copy": (np.copyto, (o.y, o.x)),
        "add": (np.add, (o.dy, o.x, o.dx)),
        "two copies": (_copy_two, (o.y, o.x, o.other, o.residual)),
    }
    stream, arrays = of_kind[o.case.stream]
    words = [array.reshape(-1).view(np.uint32) for array in arrays]
    ways: dict[str, Callable[[], object]] = {"stream": lambda: stream(*words)}
    if threads > 1:
        first, *others = zip(*(np.array_split(array, threads) for array in words), strict=True)

        def in_parts() -> None:
            waiting = [pool.submit(stream, *part) for part in others]
            stream(*first)
            for part in waiting:
                part.result()

        ways["stream in parts"] = in_parts
    return ways


def _copy_two(y: Array, x: Array, other: Array, residual: Array) -> None:
    np.copyto(y, x)
    np.copyto(other, residual)
