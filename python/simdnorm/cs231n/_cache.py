"""What passes from a forward to a backward pass, and the types in which both compute."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import functional, reference
from .._dtypes import REFUSED

Array = NDArray[Any]
DType = np.dtype[Any]
Param = MutableMapping[str, Any]
Gradients = tuple[Array, Array, Array]
Forward = Callable[[Array, Array, Array, float], tuple[Array, ...]]
"""(x, gamma, beta, eps) -> out, mean, rstd, ..."""

DIMENSIONS = {2: "two dimensions (N, D)", 4: "four dimensions (N, C, H, W)"}


@dataclass(frozen=True)
class Cache:
    """What a backward pass needs of its forward pass: private copies, in the type that was computed in."""

    x: Array
    gamma: Array
    mean: Array
    rstd: Array
    eps: float
    dtype: DType  # of the result
    frozen: bool = False  # test mode: mean and rstd do not depend on x


AnyCache = TypeVar("AnyCache", bound=Cache)


def of_dimensions(ndim: int, name: str, value: ArrayLike) -> Array:
    """Return `value` as an array of `ndim` dimensions."""
    result = _real(name, value)
    if result.ndim != ndim:
        raise ValueError(f"{name} has shape {result.shape}, expected {DIMENSIONS[ndim]}")
    return result


def of_shape(name: str, value: ArrayLike, *shapes: tuple[int, ...]) -> Array:
    """Return `value` as an array of one of `shapes`."""
    result = _real(name, value)
    if result.shape not in shapes:
        raise ValueError(f"{name} has shape {result.shape}, expected {' or '.join(map(str, shapes))}")
    return result


def result_dtype(*arrays: Array) -> DType:
    """Return the type that NumPy gives an expression of all these arrays with a division in it."""
    dtype = np.result_type(*(array.dtype for array in arrays))
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def checked_param(name: str, param: object) -> Param:
    """Return the dict of options."""
    if not isinstance(param, MutableMapping):
        raise TypeError(f"{name} must be a dict, got {type(param).__name__}")
    return param


def owned(dtype: DType, *arrays: Array) -> tuple[Array, ...]:
    """Copy `arrays` into the type that results of `dtype` are computed in."""
    return tuple(np.array(array, dtype=_computed_dtype(dtype), order="C") for array in arrays)


def functions(x: Array) -> ModuleType:
    """Return the kernels, or the reference, which has their functions, for what is longer than float64."""
    return functional if x.dtype.itemsize <= 8 else reference


def meet(dout: ArrayLike, cache: AnyCache, forward: Forward) -> tuple[Array, DType, AnyCache]:
    """Bring `dout` and the cache to one type, and the type of the gradients."""
    if not isinstance(cache, Cache):
        raise TypeError(f"cache must be that of a forward pass, got {type(cache).__name__}")
    dout = of_dimensions(cache.x.ndim, "dout", dout)
    if dout.shape != cache.x.shape:
        raise ValueError(f"dout has shape {dout.shape}, expected {cache.x.shape}, the shape of x")
    dtype = np.result_type(result_dtype(dout), cache.dtype)
    computed = _computed_dtype(dtype)
    dout = dout.astype(computed, copy=False)
    if computed == cache.x.dtype:
        return dout, dtype, cache
    x, gamma, mean, rstd = (a.astype(computed) for a in (cache.x, cache.gamma, cache.mean, cache.rstd))
    if not cache.frozen:
        # Statistics rounded to the narrower type would be wrong ones in the wider.
        _, mean, rstd, *_ = forward(x, gamma, np.zeros_like(gamma), cache.eps)
    return dout, dtype, replace(cache, x=x, gamma=gamma, mean=mean, rstd=rstd)


def rounded(gradients: Gradients, dtype: DType) -> Gradients:
    """Return what was computed in the type of the result."""
    dx, dgamma, dbeta = (g.astype(dtype, copy=False) for g in gradients)
    return dx, dgamma, dbeta


def _real(name: str, value: ArrayLike) -> Array:
    if isinstance(value, REFUSED):
        raise TypeError(f"{name} must be a plain NumPy array, got {type(value).__name__}")
    try:
        result = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from None
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {result.dtype}, expected real numbers")
    return result


def _computed_dtype(dtype: DType) -> DType:
    return np.promote_types(dtype, np.float32)
