"""What counts as an array here, and of which kind."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]

FLOAT32: np.dtype[Any] = np.dtype(np.float32)
FLOAT64: np.dtype[Any] = np.dtype(np.float64)
REFUSED = (np.ma.MaskedArray, np.matrix)


def array(name: str, value: object) -> Array:
    """Return `value` as a plain array of float32 or float64; TypeError for anything else.

    Subclasses that only add behaviour (``np.memmap``) are taken as the array beneath. Masked arrays and matrices are
    not: a mask would be ignored, and a matrix never loses a dimension.
    """
    if type(value) is np.ndarray:
        dtype = value.dtype
        # The identity test decides nearly always; an unpickled array has an equal dtype that is another object.
        if dtype is FLOAT32 or dtype is FLOAT64:
            return value
    return _plain(name, value)


def _plain(name: str, value: object) -> Array:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array of float32 or float64, got {type(value).__name__}")
    if isinstance(value, REFUSED):
        raise TypeError(f"{name} must be a plain NumPy array, got {type(value).__name__}")
    for dtype in (FLOAT32, FLOAT64):
        if value.dtype == dtype:
            return value.view(dtype, np.ndarray)
    raise TypeError(f"{name} has dtype {value.dtype}, expected float32 or float64 in native byte order")


def array_like(name: str, value: object, x: Array) -> Array:
    """Return `value` as a plain array of the dtype of `x`; TypeError for anything else."""
    result = array(name, value)
    if result.dtype is not x.dtype:
        raise TypeError(f"{name} has dtype {result.dtype}, expected {x.dtype}, the dtype of x")
    return result
