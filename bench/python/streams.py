"""The stream limit: NumPy reading and writing the bytes that an operation must, with no arithmetic worth the name.

"copy" is np.copyto (one array in, one out), "add" np.add with out= (two in, one out). On more threads the arrays
are cut into a part for each; where handing that out costs more than it brings, the whole on one thread counts.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from cases import Array, Operands


def streams(o: Operands, threads: int, pool: ThreadPoolExecutor) -> dict[str, Callable[[], object]]:
    """Return the ways of streaming that may be the fastest; `pool` has a thread for each part but the caller's own."""
    copy = o.case.stream == "copy"
    arrays: tuple[Array, ...] = (o.y, o.x) if copy else (o.dy, o.x, o.dx)
    stream: Callable[..., object] = np.copyto if copy else np.add
    ways: dict[str, Callable[[], object]] = {"stream": lambda: stream(*arrays)}
    if threads > 1:
        first, *others = zip(*(_parts(array, threads) for array in arrays), strict=True)

        def in_parts() -> None:
            waiting = [pool.submit(stream, *part) for part in others]
            stream(*first)
            for part in waiting:
                part.result()

        ways["stream in parts"] = in_parts
    return ways


def _parts(array: Array, count: int) -> list[Array]:
    return np.array_split(array.reshape(-1), count)
