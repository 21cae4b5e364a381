"""Running statistics and counts."""

import numpy as np
from numpy.typing import NDArray

from ._dtypes import Array, plain_array, statistics_dtype
from ._frame import Frame
from ._layouts import Shape, dense
from ._memory import check_writable, overlap, write_together


class Running:
    """Running statistics, both or none, as they were `given`, and `taken` by the kernels: dense and not of 16 bits."""

    __slots__ = ("_moved", "_rounded", "given", "taken")

    def __init__(self, frame: Frame, running_mean: object, running_var: object, *, moved: bool) -> None:
        """Check the two; fit to be updated where they are `moved`."""
        self.given: tuple[Array, ...] = ()
        self.taken: tuple[Array | None, ...] = None, None
        self._moved: tuple[Array, ...] = ()
        if running_mean is None and running_var is None:
            return
        if running_mean is None or running_var is None:
            missing = "running_mean" if running_mean is None else "running_var"
            raise ValueError(f"{missing} is None and the other is not: give both running statistics or neither")
        mean = frame.parameter("running_mean", running_mean)
        var = frame.parameter("running_var", running_var)
        if mean.dtype is not var.dtype:
            raise TypeError(f"running_var has dtype {var.dtype}, expected {mean.dtype}, that of running_mean")
        for name, running in (("running_mean", mean), ("running_var", var)):
            if moved:
                check_writable(name, running)
            if overlap(running, frame.x):
                raise ValueError(f"{name} overlaps x")
        if overlap(mean, var):
            raise ValueError("running_mean and running_var share memory")
        self.given = mean, var
        # Themselves, or copies of both: one of each would leave, after an interrupt, one old and one new.
        dtype = statistics_dtype(frame.x)
        if mean.dtype is dtype and dense(mean) is mean and dense(var) is var:
            self.taken = self.given
            return
        self.taken = self._moved = self._rounded = mean.astype(dtype, order="C"), var.astype(dtype, order="C")
        if moved and mean.dtype is not dtype:  # made here: memory must not run out once anything is written
            self._rounded = np.empty(mean.shape, mean.dtype), np.empty(var.shape, var.dtype)

    def keep_apart(self, **others: Array | None) -> None:
        """Refuse to share memory with something else that the call reads or writes."""
        for running in self.given:
            for name, other in others.items():
                if other is not None and overlap(running, other):
                    raise ValueError(f"running_mean or running_var overlaps {name}")

    def settle(self) -> None:
        """Bring what the kernels have moved to the caller's arrays: rounded, all or none."""
        if self._moved:
            if self._rounded is not self._moved:
                with np.errstate(all="ignore"):  # what is too large for 16 bits is infinite there
                    for rounded, moved in zip(self._rounded, self._moved, strict=True):
                        rounded[...] = moved
            write_together(self.given, self._rounded)


def counts(name: str, value: object, shape: Shape, at_least: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return values per channel, whole numbers of any type, as int64."""
    plain = plain_array(name, value)
    if plain.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {plain.dtype}, expected one of whole numbers")
    if plain.shape != shape:
        raise ValueError(f"{name} has shape {plain.shape}, expected {shape}")
    given = plain.copy()  # another thread may write to the caller's own: what is checked is what is used
    # Compared before the cast: what int64 cannot hold would wrap around, or turn into any number at all. Beside a
    # float16 a Python int would be one too, and infinite.
    limit = np.float64(2**63) if given.dtype.kind == "f" else 2**63
    if not bool(np.all((given >= at_least) & (given < limit) & (given == np.trunc(given)))):
        raise ValueError(f"{name} must be whole numbers, at least the {at_least} values per channel of x; got {given}")
    return given.astype(np.int64, copy=False)
