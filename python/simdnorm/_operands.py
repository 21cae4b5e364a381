"""Running statistics and counts."""

import numpy as np
from numpy.typing import NDArray

from ._dtypes import Array, statistics_dtype
from ._frame import Frame
from ._layouts import Shape, dense
from ._memory import check_writable, overlap, write_together


class Running:
    """Running statistics, both or none, as they were `given`, and `taken` by the kernels: dense and not of 16 bits."""

    __slots__ = ("given", "taken")

    def __init__(self, frame: Frame, running_mean: object, running_var: object, *, moved: bool) -> None:
        """Check the two; fit to be updated where they are `moved`."""
        self.given: tuple[Array, ...] = ()
        self.taken: tuple[Array | None, ...] = None, None
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
        fit = mean.dtype is dtype and dense(mean) is mean and dense(var) is var
        self.taken = self.given if fit else (mean.astype(dtype, order="C"), var.astype(dtype, order="C"))

    def keep_apart(self, **others: Array | None) -> None:
        """Refuse to share memory with something else that the call reads or writes."""
        for running in self.given:
            for name, other in others.items():
                if other is not None and overlap(running, other):
                    raise ValueError(f"running_mean or running_var overlaps {name}")

    def settle(self) -> None:
        """Bring what the kernels have moved to the caller's arrays: rounded, all or none."""
        if self.given and self.taken is not self.given:
            dtype = self.given[0].dtype
            with np.errstate(all="ignore"):  # what is too large for 16 bits is infinite there
                rounded = tuple(t.astype(dtype, copy=False) for t in self.taken if t is not None)
            write_together(self.given, rounded)


def counts(name: str, value: object, shape: Shape, at_least: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return values per channel, whole numbers of any type, as int64."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        kind = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{name} must be a NumPy array of whole numbers, got {kind}")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}, expected {shape}")
    # Compared before the cast: what int64 cannot hold would wrap around, or turn into any number at all. Beside a
    # float16 a Python int would be one too, and infinite.
    limit = np.float64(2**63) if value.dtype.kind == "f" else 2**63
    if not bool(np.all((value >= at_least) & (value < limit) & (value == np.trunc(value)))):
        raise ValueError(f"{name} must be whole numbers, at least the {at_least} values per channel of x; got {value}")
    return np.array(value, dtype=np.int64)
