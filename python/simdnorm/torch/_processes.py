"""What processes tell each other: one vector of each, to all, in the order of their ranks."""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed

Vector = NDArray[np.float64]


class Processes(Protocol):
    """A group of processes that normalize together."""

    size: int

    def gather(self, vector: Vector) -> list[Vector]:
        """Give every process the vectors of all. All of them call it, with vectors of one length."""


class _Distributed:
    """A process group of `torch.distributed`; gloo's on CPUs."""

    def __init__(self, group: Any) -> None:
        self._group, self.size = group, distributed.get_world_size(group)

    def gather(self, vector: Vector) -> list[Vector]:
        room = [torch.empty(len(vector), dtype=torch.float64) for _ in range(self.size)]
        distributed.all_gather(room, torch.from_numpy(vector), group=self._group)
        return [piece.numpy() for piece in room]


class _Mpi:
    """A communicator of mpi4py."""

    def __init__(self, communicator: Any) -> None:
        self._communicator, self.size = communicator, communicator.Get_size()

    def gather(self, vector: Vector) -> list[Vector]:
        pieces: list[Vector] = self._communicator.allgather(vector)
        for rank, piece in enumerate(pieces):
            if len(piece) != len(vector):
                raise ValueError(f"rank {rank} sent {len(piece)} numbers, expected {len(vector)}: do channels differ?")
        return pieces


def processes(group: Any) -> Processes | None:
    """Return who normalizes together: None where this process is alone.

    `group` is a process group of `torch.distributed`, None for all of them, or a communicator of mpi4py.
    """
    if hasattr(group, "allgather"):
        found: Processes = _Mpi(group)
    elif distributed.is_available() and distributed.is_initialized():
        found = _Distributed(group)
    else:
        return None
    return found if found.size > 1 else None
