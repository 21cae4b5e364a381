"""What an operation must read and write: the limit is how long that alone takes."""

import math
from dataclasses import dataclass

import machine
import numpy as np
from cases import Case

LINE = 64


@dataclass(frozen=True)
class Traffic:
    reads: int
    writes: int
    item: int
    """Bytes, of one array, that share statistics where they do not fit into L2: they are read twice. Else 0."""

    @property
    def name(self) -> str:
        kinds = {(1, 1): "copy", (2, 1): "add", (3, 1): "three to one", (2, 2): "two to two"}
        again = {1: "read, ", 2: "read two, ", 3: "read three, "}[self.reads] if self.item else ""
        return again + kinds[self.reads, self.writes]


def traffic(case: Case) -> Traffic:
    """Count them: x in and y out; dy and x in and dx out; beside a residual one more in, and forward one more out."""
    reads = 1 + case.backward + case.added
    item = 0 if case.operation == "batch_norm" else _item(case)
    return Traffic(
        reads, 1 + (case.added and not case.backward), item if item * (reads - case.added) > machine.l2() else 0
    )


def size(case: Case) -> int:
    """Bytes of all arrays of the size of x, in and out."""
    moved = traffic(case)
    return (moved.reads + moved.writes) * math.prod(case.shape) * np.dtype(case.dtype).itemsize


def _item(case: Case) -> int:
    """Bytes of what shares statistics, in the whole cache lines that it lies in."""
    values = math.prod(case.split[axis] for axis in case.axes)
    run, axis = 1, len(case.split) - 1  # values that are neighbours in memory
    while axis in case.axes:
        run *= case.split[axis]
        axis -= 1
    itemsize = np.dtype(case.dtype).itemsize
    return values // run * -(-run * itemsize // LINE) * LINE
