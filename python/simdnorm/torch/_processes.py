"""What processes tell each other: one vector of each, to all, in the order of their ranks.

A message that is longer than the room for it ends a process of gloo's, and is undefined in MPI, so that nobody could
say what was wrong. The length is that of the channels, which a module has for good: processes that meet over a module
for the first time tell each other how many it has, by what any length is safe with, and all of them see who differs.
What a tensor's shape gets wrong is seen before a process speaks at all; the others wait for it until the timeout.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol
from weakref import WeakKeyDictionary, ref

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

Vector = NDArray[np.float64]

TIMEOUT = timedelta(minutes=30)
"""As the groups of `torch.distributed` have it."""


class Processes(Protocol):
    """A group of processes that normalize together."""

    size: int

    def gather(self, vector: Vector) -> list[Vector]:
        """Give every process the vectors of all. All of them call it, with vectors of one length."""

    def meet(self, module: nn.Module, channels: int) -> None:
        """Refuse a module, when all call it for the first time, that has other numbers of channels elsewhere."""


_met: WeakKeyDictionary[nn.Module, Any] = WeakKeyDictionary()
"""The group that a module is known in; not among its attributes, for a copy has to be met anew."""


_TAG = 21997
"""Of messages between two: no other program's, it is to be hoped."""


class _Distributed:
    """A process group of `torch.distributed`; gloo's on CPUs."""

    def __init__(self, group: Any) -> None:
        self._group: Any = distributed.group.WORLD if group is None else group
        self.size = distributed.get_world_size(group)

    def gather(self, vector: Vector) -> list[Vector]:
        room = [torch.empty(len(vector), dtype=torch.float64, device="cpu") for _ in range(self.size)]
        distributed.all_gather(room, torch.from_numpy(vector), group=self._group)
        return [piece.numpy() for piece in room]

    def meet(self, module: nn.Module, channels: int) -> None:
        """By a message to each, which is no collective, and an error at once where somebody is gone."""
        group = ref(self._group)
        if _met.get(module) == group:
            return
        own = torch.tensor([channels], device="cpu")
        found = [torch.empty_like(own) for _ in range(self.size)]
        found[distributed.get_rank(self._group)] = own
        works: list[Any] = []
        for rank, other in enumerate(found):
            if other is not own:
                peer = distributed.get_global_rank(self._group, rank)
                works += [
                    distributed.isend(own, peer, self._group, tag=_TAG),
                    distributed.irecv(other, peer, self._group, tag=_TAG),
                ]
        for work in works:
            work.wait()
        _check_alike(channels, [int(number) for number in found])
        _met[module] = group


class _Mpi:
    """A communicator of mpi4py."""

    def __init__(self, communicator: Any, timeout: timedelta) -> None:
        self._communicator, self._timeout = communicator, timeout
        self.size = communicator.Get_size()

    def gather(self, vector: Vector) -> list[Vector]:
        room = np.empty((self.size, len(vector)))
        self._wait(self._communicator.Iallgather(vector, room), vector, room)
        return list(room)

    def meet(self, module: nn.Module, channels: int) -> None:
        """By a collective of one number each."""
        group = self._communicator.py2f()
        if _met.get(module) == group:
            return
        _check_alike(channels, [int(number) for (number,) in self.gather(np.array([float(channels)]))])
        _met[module] = group

    def _wait(self, request: Any, *buffers: Vector) -> None:
        """Ask ever more seldom: MPI itself would wait for a process that is gone, for ever."""
        deadline, pause = time.monotonic() + self._timeout.total_seconds(), 1e-6
        while not request.Test():
            if time.monotonic() > deadline:
                _abandoned.append((request, buffers))
                raise TimeoutError(f"waited {self._timeout} for the other processes of {self._communicator.Get_name()}")
            time.sleep(pause)
            pause = min(2 * pause, 1e-3)


_abandoned: list[Any] = []
"""A collective cannot be called off: its memory stays, for it may yet be written."""


def _check_alike(own: int, channels: Sequence[int]) -> None:
    if any(other != own for other in channels):
        found = ", ".join(f"{number} on rank {rank}" for rank, number in enumerate(channels))
        raise ValueError(f"expected a SyncBatchNorm of as many channels in all processes, got {found}")


def processes(group: Any, timeout: timedelta = TIMEOUT) -> Processes | None:
    """Return who normalizes together: None where this process is alone.

    `group` is a process group of `torch.distributed`, None for all of them, or a communicator of mpi4py.
    """
    if hasattr(group, "Get_size"):
        found: Processes = _Mpi(group, timeout)
    elif distributed.is_available() and distributed.is_initialized():
        found = _Distributed(group)
    else:
        return None
    return found if found.size > 1 else None
