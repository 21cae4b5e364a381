"""The course's own interface (Stanford CS231n, assignment 2) on the kernels of simdnorm.

``forward(x, gamma, beta, param) -> (out, cache)`` and ``backward(dout, cache) -> (dx, dgamma, dbeta)`` with `x` of
shape (N, D), and the course's conventions: momentum weights the *old* running value and defaults to 0.9, the running
variance is the biased one, missing running statistics start as zeros, `eps` defaults to 1e-5 and stands under the root.
The dict gets new arrays; the arrays that it held stay as they were.

Arrays mix as NumPy mixes them: the result has the type of ``x * gamma + beta``, integers count as float64. float16 is
computed in float32, longdouble by the reference. A cache owns all it holds, so `x` may change after the forward pass.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import functional, reference
from ._dtypes import Array

Param = MutableMapping[str, Any]
DType = np.dtype[np.floating[Any]]


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


def batchnorm_forward(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, bn_param: Param) -> tuple[Array, Cache]:
    """Normalize the columns of `x`.

    Parameters
    ----------
    x : array_like
        (N, D).
    gamma, beta : array_like
        (D,), scale and shift.
    bn_param : dict
        ``mode`` is ``"train"`` or ``"test"``; optional are ``eps``, ``momentum``, ``running_mean`` and
        ``running_var``. In train mode the last two are replaced by new arrays.

    Returns
    -------
    out : ndarray
        (N, D).
    cache : Cache
        For `batchnorm_backward`; in test mode the running statistics are constants there.
    """
    mode = bn_param.get("mode")
    if mode not in ("train", "test"):
        raise ValueError(f"bn_param['mode'] must be 'train' or 'test', got {mode!r}")
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    x, gamma, beta = _matrix("x", x), np.asarray(gamma), np.asarray(beta)
    zeros = np.zeros(x.shape[1], _result_dtype(x))
    running_mean = np.asarray(bn_param.get("running_mean", zeros))
    running_var = np.asarray(bn_param.get("running_var", zeros))

    if mode == "test":
        dtype = _result_dtype(x, gamma, beta, running_mean, running_var)
        x_, gamma_, beta_, mean, var = _owned(dtype, x, gamma, beta, running_mean, running_var)
        # In float64 the root costs the float32 result no digit.
        var = var.astype(np.promote_types(var.dtype, np.float64))
        rstd = 1 / np.sqrt(var + eps)
        out = _functions(x_).batch_norm_apply(x_, mean, rstd, gamma_, beta_)
        return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd.astype(x_.dtype), eps, dtype, frozen=True)

    dtype = _result_dtype(x, gamma, beta)
    x_, gamma_, beta_ = _owned(dtype, x, gamma, beta)
    out, mean, rstd, var = _batch_norm_train(x_, gamma_, beta_, eps)
    bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
    bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd, eps, dtype)


def batchnorm_backward(dout: ArrayLike, cache: Cache) -> tuple[Array, Array, Array]:
    """Carry `dout` (N, D) back through `batchnorm_forward`: dx (N, D), dgamma (D,), dbeta (D,)."""
    dout, dtype, cache = _meet(dout, cache)
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    training = not cache.frozen
    gradients = _functions(x).batch_norm_backward(dout, x, mean, rstd, gamma, training=training)
    return _rounded(gradients, dtype)


def batchnorm_backward_alt(dout: ArrayLike, cache: Cache) -> tuple[Array, Array, Array]:
    """Do as `batchnorm_backward`, whose kernel is the simplified form already: the same bits."""
    return batchnorm_backward(dout, cache)


def layernorm_forward(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, ln_param: Param) -> tuple[Array, Cache]:
    """Normalize the rows of `x`.

    Parameters
    ----------
    x : array_like
        (N, D).
    gamma, beta : array_like
        (D,), scale and shift.
    ln_param : dict
        Optional is ``eps``.

    Returns
    -------
    out : ndarray
        (N, D).
    cache : Cache
        For `layernorm_backward`.
    """
    eps = ln_param.get("eps", 1e-5)
    x, gamma, beta = _matrix("x", x), np.asarray(gamma), np.asarray(beta)
    dtype = _result_dtype(x, gamma, beta)
    x_, gamma_, beta_ = _owned(dtype, x, gamma, beta)
    out, mean, rstd = _layer_norm(x_, gamma_, beta_, eps)
    return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd, eps, dtype)


def layernorm_backward(dout: ArrayLike, cache: Cache) -> tuple[Array, Array, Array]:
    """Carry `dout` (N, D) back through `layernorm_forward`: dx (N, D), dgamma (D,), dbeta (D,)."""
    dout, dtype, cache = _meet(dout, cache, rows=True)
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    return _rounded(_functions(x).layer_norm_backward(dout, x, mean, rstd, gamma, axis=1), dtype)


def _matrix(name: str, value: ArrayLike) -> Array:
    matrix = np.asarray(value)
    if matrix.ndim != 2:
        raise ValueError(f"{name} has shape {matrix.shape}, expected two dimensions (N, D)")
    return matrix


def _result_dtype(*arrays: Array) -> DType:
    """Return the type that NumPy gives an expression of all these arrays with a division in it."""
    dtype = np.result_type(*(array.dtype for array in arrays))
    if dtype.kind in "biu":
        dtype = np.dtype(np.float64)
    if dtype.kind != "f":
        raise TypeError(f"arrays of {', '.join(str(array.dtype) for array in arrays)} are not real numbers")
    return dtype


def _computed_dtype(dtype: DType) -> DType:
    return np.promote_types(dtype, np.float32)


def _owned(dtype: DType, *arrays: Array) -> tuple[Array, ...]:
    return tuple(np.array(array, dtype=_computed_dtype(dtype), order="C") for array in arrays)


def _functions(x: Array) -> ModuleType:
    """Return the kernels, or the reference, which has their functions, for what is longer than float64."""
    return functional if x.dtype.itemsize <= 8 else reference


def _batch_norm_train(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """Return out, mean, rstd and the biased variance."""
    if _functions(x) is reference:
        count, _, m2 = reference.batch_norm_statistics(x)
        return *reference.batch_norm_forward(x, gamma, beta, eps), m2 / count
    # A running average with momentum 1 is the batch's own: its mean and variance without another look at x.
    mean, var = np.zeros_like(gamma), np.zeros_like(gamma)
    return *functional.batch_norm_forward(x, gamma, beta, mean, var, 1.0, eps, unbiased=False), var


def _layer_norm(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array]:
    if _functions(x) is reference:
        return reference.layer_norm_forward(x, gamma, beta, eps)
    return functional.layer_norm_forward(x, x.shape[1], gamma, beta, eps)


def _meet(dout: ArrayLike, cache: Cache, rows: bool = False) -> tuple[Array, DType, Cache]:
    """Bring `dout` and the cache to one type, and the type of the gradients."""
    dout = _matrix("dout", dout)
    if dout.shape != cache.x.shape:
        raise ValueError(f"dout has shape {dout.shape}, expected {cache.x.shape}, the shape of x")
    dtype = np.result_type(_result_dtype(dout), cache.dtype)
    computed = _computed_dtype(dtype)
    dout = dout.astype(computed, copy=False)
    if computed == cache.x.dtype:
        return dout, dtype, cache
    x, gamma, mean, rstd = (a.astype(computed) for a in (cache.x, cache.gamma, cache.mean, cache.rstd))
    if not cache.frozen:
        # Statistics rounded to the narrower type would be wrong ones in the wider.
        forward = _layer_norm if rows else _batch_norm_train
        _, mean, rstd, *_ = forward(x, gamma, np.zeros_like(gamma), cache.eps)
    return dout, dtype, Cache(x, gamma, mean, rstd, cache.eps, dtype, cache.frozen)


def _rounded(gradients: tuple[Array, Array, Array], dtype: DType) -> tuple[Array, Array, Array]:
    dx, dgamma, dbeta = (g.astype(dtype, copy=False) for g in gradients)
    return dx, dgamma, dbeta
