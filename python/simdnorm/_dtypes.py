"""What counts as an array here, and of which kind."""

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""Of one of the element types; NumPy's typing does not know bfloat16."""

FLOAT16: np.dtype[Any] = np.dtype(np.float16)
FLOAT32: np.dtype[Any] = np.dtype(np.float32)
FLOAT64: np.dtype[Any] = np.dtype(np.float64)
UINT16: np.dtype[Any] = np.dtype(np.uint16)
REFUSED = (np.ma.MaskedArray, np.matrix)

_SPACING = {np.float16: 2.0**-10, np.float32: 2.0**-23, np.float64: 2.0**-52}
_SPACING_OF_BFLOAT16 = 2.0**-7


def array(name: str, value: object) -> Array:
    """Return `value` as a plain array of an element type; TypeError for anything else.

    Subclasses that only add behaviour (``np.memmap``) are taken as the array beneath. Masked arrays and matrices are
    not: a mask would be ignored, and a matrix never loses a dimension.
    """
    if type(value) is np.ndarray:
        dtype = value.dtype
        # The identity test decides nearly always; an unpickled array has an equal dtype that is another object.
        if dtype is FLOAT32 or dtype is FLOAT64 or dtype is FLOAT16:
            return value
    return _plain(name, value)


def _plain(name: str, value: object) -> Array:
    plain = plain_array(name, value)
    for dtype in (_bfloat16(), FLOAT32, FLOAT64, FLOAT16):
        if dtype is not None and plain.dtype == dtype:
            return plain if plain.dtype is dtype else plain.view(dtype)
    expected = "expected float32, float64, float16 or bfloat16 in native byte order"
    raise TypeError(f"{name} has dtype {plain.dtype}, {expected}")


def plain_array(name: str, value: object) -> NDArray[Any]:
    """Return `value` as a plain array of whatever it holds."""
    if type(value) is np.ndarray:
        return value
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {type(value).__name__}")
    if isinstance(value, REFUSED):
        raise TypeError(f"{name} must be a plain NumPy array, got {type(value).__name__}")
    return value.view(np.ndarray)


def _bfloat16() -> np.dtype[Any] | None:
    """ml_dtypes' bfloat16, which exists for us where somebody else has imported it."""
    scalar = getattr(sys.modules.get("ml_dtypes"), "bfloat16", None)
    return None if scalar is None else np.dtype(scalar)


def bits(a: Array) -> Array:
    """Return `a` as it crosses to the kernels: bfloat16 as its bits, all else as it is."""
    return a.view(UINT16) if a.dtype.kind == "V" else a


def statistics_dtype(x: Array) -> np.dtype[Any]:
    """Return the dtype of the mean and rstd of `x`."""
    return FLOAT64 if x.dtype is FLOAT64 else FLOAT32


def spacing(x: Array) -> float:
    """Return ``finfo(x.dtype).eps``, the distance from 1 to the next number."""
    return _SPACING.get(x.dtype.type, _SPACING_OF_BFLOAT16)
