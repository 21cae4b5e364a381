"""The backends' arrays as the reference takes them, and its results in arrays as the backends were given them."""

from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from .._memory import write_together
from .bits import BITS, decoded, encoded

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
FLAT: Shape = (-1,)


@overload
def numbers(a: Array, shape: Shape = ...) -> Array: ...
@overload
def numbers(a: None, shape: Shape = ...) -> None: ...
@overload
def numbers(a: Array | None, shape: Shape = ...) -> Array | None: ...
def numbers(a: Array | None, shape: Shape = FLAT) -> Array | None:
    """Return what the elements are worth, in `shape`."""
    if a is None:
        return None
    return (decoded(a) if a.dtype == BITS else a).reshape(shape)


@np.errstate(all="ignore")
def rounded(a: Array, like: Array) -> Array:
    """Return `a` in the dtype and shape of `like`, rounded once."""
    return (encoded(a) if like.dtype == BITS else a.astype(like.dtype)).reshape(like.shape)


def write(outputs: tuple[Array | None, ...], results: tuple[Array, ...]) -> None:
    """Write the results that are wanted."""
    for output, result in zip(outputs, results, strict=True):
        if output is not None:
            output[...] = rounded(result, output)


def write_running(running_mean: Array, running_var: Array, updated: tuple[Array, Array]) -> None:
    """Write both running statistics, or neither."""
    mean, var = updated
    write_together((running_mean, running_var), (rounded(mean, running_mean), rounded(var, running_var)))
