"""The small arrays beside x: parameters, statistics, running statistics, sums and counts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dtypes import FLOAT64, Array, array, array_like
from ._layouts import dense
from ._memory import check_writable, overlap

Shape = tuple[int, ...]


def gradient(name: str, value: object, x: Array) -> Array:
    """Check the gradient of the loss in y: the shape and dtype of x."""
    result = array(name, value)
    if result.dtype is not x.dtype:
        raise ValueError(f"{name} has dtype {result.dtype}, expected {x.dtype}, the dtype of x")
    if result.shape != x.shape:
        raise ValueError(f"{name} has shape {result.shape}, expected {x.shape}, the shape of x")
    return result


def parameter(name: str, value: object, x: Array, shape: Shape) -> Array | None:
    """Check an optional weight or bias: the dtype of x, exactly the shape that it runs along."""
    return None if value is None else statistic(name, value, x, shape)


def statistic(name: str, value: object, x: Array, shape: Shape) -> Array:
    """Check a saved mean or rstd: the dtype of x, exactly the shape of the kept axes."""
    if type(value) is np.ndarray and value.dtype is x.dtype and value.shape == shape:
        return dense(value)
    return dense(_shaped(name, array_like(name, value, x), x, shape))


def exact_statistic(name: str, value: object, x: Array, shape: Shape) -> NDArray[np.float64]:
    """Check a statistic or a sum of the parts: float64, or the dtype of x, widened here."""
    result = array(name, value)
    if result.dtype is not FLOAT64 and result.dtype is not x.dtype:
        raise TypeError(f"{name} has dtype {result.dtype}, expected float64 or {x.dtype}, the dtype of x")
    widened: NDArray[np.float64] = dense(_shaped(name, result, x, shape)).astype(FLOAT64, copy=False)
    return widened


def counts(name: str, value: object, shape: Shape, at_least: int) -> NDArray[np.int64]:
    """Return values per channel, whole numbers of any type, as int64."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        kind = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{name} must be a NumPy array of whole numbers, got {kind}")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}, expected {shape}")
    # Compared before the cast: what int64 cannot hold would wrap around, or turn into any number at all.
    if not bool(np.all((value >= at_least) & (value < 2**63) & (value == np.trunc(value)))):
        raise ValueError(f"{name} must be whole numbers, at least the {at_least} values per channel of x; got {value}")
    return np.array(value, dtype=np.int64)


def running_pair(
    running_mean: object, running_var: object, x: Array, channels: int, written: bool
) -> tuple[Array, Array] | None:
    """Check the running statistics, both or none; fit to be updated where they are `written`."""
    if running_mean is None and running_var is None:
        return None
    if running_mean is None or running_var is None:
        missing = "running_mean" if running_mean is None else "running_var"
        raise ValueError(f"{missing} is None and the other is not: give both running statistics or neither")
    mean = _shaped("running_mean", array_like("running_mean", running_mean, x), x, (channels,))
    var = _shaped("running_var", array_like("running_var", running_var, x), x, (channels,))
    for name, running in (("running_mean", mean), ("running_var", var)):
        if written:
            check_writable(name, running)
        if overlap(running, x):
            raise ValueError(f"{name} overlaps x")
    if overlap(mean, var):
        raise ValueError("running_mean and running_var share memory")
    return mean, var


def keep_apart(running: tuple[Array, Array], others: tuple[tuple[str, Array | None], ...]) -> None:
    """Refuse running statistics that share memory with something else that the call reads or writes."""
    for name, other in others:
        if other is not None and (overlap(running[0], other) or overlap(running[1], other)):
            raise ValueError(f"running_mean or running_var overlaps {name}")


def _shaped(name: str, value: NDArray[Any], x: Array, shape: Shape) -> NDArray[Any]:
    if value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}, expected {shape}; x has shape {x.shape}")
    return value
