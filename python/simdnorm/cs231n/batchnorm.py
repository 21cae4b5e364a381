"""Batch normalization: of the columns of a matrix, or of the channels of images."""

import numpy as np
from numpy.typing import ArrayLike

from .. import functional, reference
from .._scalars import checked_eps, checked_momentum
from ._cache import (
    Array,
    Cache,
    Gradients,
    Param,
    checked_param,
    functions,
    meet,
    of_dimensions,
    of_shape,
    owned,
    result_dtype,
    rounded,
)


def batchnorm_forward(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, bn_param: Param) -> tuple[Array, Cache]:
    """Normalize the columns of `x`.

    Parameters
    ----------
    x : array_like
        (N, D), of real numbers.
    gamma, beta : array_like
        (D,), scale and shift.
    bn_param : dict
        ``mode`` is ``"train"`` or ``"test"``; optional are ``eps``, ``momentum``, ``running_mean`` and
        ``running_var``, both (D,). In train mode the last two are replaced by new arrays.

    Returns
    -------
    out : ndarray
        (N, D), of the type of ``x * gamma + beta``.
    cache : Cache
        For `batchnorm_backward`; in test mode the running statistics are constants there.

    Raises
    ------
    TypeError
        If `bn_param` is no dict; if an array does not hold real numbers, or is a masked array or a matrix; if ``eps``
        or ``momentum`` is no real number.
    ValueError
        If an array is ragged, or of another shape than above; if ``mode`` is none of the two, ``eps`` negative or not
        finite, or ``momentum`` outside [0, 1]; if in train mode `x` has fewer than two rows, but for longdouble.
    MemoryError
        If there is no room for the result, or for what the cache keeps.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import batchnorm_backward, batchnorm_forward
    >>> x, gamma, beta, bn_param = np.array([[1.0, 10.0], [3.0, 30.0]]), np.ones(2), np.zeros(2), {"mode": "train"}
    >>> out, cache = batchnorm_forward(x, gamma, beta, bn_param)
    >>> bn_param["running_mean"].round(3)
    array([0.2, 2. ])
    >>> dx, dgamma, dbeta = batchnorm_backward(np.ones((2, 2)), cache)
    >>> dbeta
    array([2., 2.])
    """
    return _forward(of_dimensions(2, "x", x), gamma, beta, bn_param)


def batchnorm_backward(dout: ArrayLike, cache: Cache) -> Gradients:
    """Carry the gradient `dout` of the loss in `out` back through `batchnorm_forward`.

    Parameters
    ----------
    dout : array_like
        (N, D), of real numbers.
    cache : Cache
        As `batchnorm_forward` returned it.

    Returns
    -------
    dx, dgamma, dbeta : ndarray
        (N, D), (D,) and (D,), of the type of ``dout * out``.

    Raises
    ------
    TypeError
        If `dout` does not hold real numbers, or is a masked array or a matrix; if `cache` is not that of a forward
        pass.
    ValueError
        If `dout` is ragged, or of another shape than `x`.
    MemoryError
        If there is no room for the results.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import batchnorm_backward, batchnorm_forward
    >>> x = np.array([[1.0], [3.0], [5.0]])
    >>> out, cache = batchnorm_forward(x, np.ones(1), np.zeros(1), {"mode": "train", "eps": 0.0})
    >>> dx, dgamma, dbeta = batchnorm_backward(np.array([[1.0], [0.0], [0.0]]), cache)
    >>> dx.T.round(3), dgamma.round(3), dbeta
    (array([[ 0.102, -0.204,  0.102]]), array([-1.225]), array([1.]))
    """
    return _backward(dout, cache)


def batchnorm_backward_alt(dout: ArrayLike, cache: Cache) -> Gradients:
    """Do as `batchnorm_backward`, whose kernel is the simplified form already: the same bits.

    Parameters
    ----------
    dout, cache
        As those of `batchnorm_backward`.

    Returns
    -------
    dx, dgamma, dbeta : ndarray
        As those of `batchnorm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batchnorm_backward` does.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import batchnorm_backward_alt, batchnorm_forward
    >>> out, cache = batchnorm_forward(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), {"mode": "train", "eps": 0.0})
    >>> dx, dgamma, dbeta = batchnorm_backward_alt(np.array([[1.0], [4.0]]), cache)
    >>> dgamma, dbeta
    (array([3.]), array([5.]))
    """
    return _backward(dout, cache)


def spatial_batchnorm_forward(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, bn_param: Param) -> tuple[Array, Cache]:
    """Normalize the channels of `x`, over all samples and positions.

    Parameters
    ----------
    x : array_like
        (N, C, H, W), of real numbers.
    gamma, beta : array_like
        (C,), scale and shift.
    bn_param : dict
        As `batchnorm_forward` takes it; running statistics are (C,).

    Returns
    -------
    out : ndarray
        (N, C, H, W), of the type of ``x * gamma + beta``.
    cache : Cache
        For `spatial_batchnorm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batchnorm_forward` does, a row being a position of a sample.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import spatial_batchnorm_forward
    >>> x, bn_param = np.array([1.0, 3.0]).reshape(1, 1, 1, 2), {"mode": "train", "eps": 0.0}
    >>> out, cache = spatial_batchnorm_forward(x, np.ones(1), np.zeros(1), bn_param)
    >>> out, bn_param["running_mean"]
    (array([[[[-1.,  1.]]]]), array([0.2]))
    """
    return _forward(of_dimensions(4, "x", x), gamma, beta, bn_param)


def spatial_batchnorm_backward(dout: ArrayLike, cache: Cache) -> Gradients:
    """Carry the gradient `dout` of the loss in `out` back through `spatial_batchnorm_forward`.

    Parameters
    ----------
    dout : array_like
        (N, C, H, W), of real numbers.
    cache : Cache
        As `spatial_batchnorm_forward` returned it.

    Returns
    -------
    dx, dgamma, dbeta : ndarray
        (N, C, H, W), (C,) and (C,), of the type of ``dout * out``.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batchnorm_backward` does.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import spatial_batchnorm_backward, spatial_batchnorm_forward
    >>> x = np.array([1.0, 3.0]).reshape(1, 1, 1, 2)
    >>> out, cache = spatial_batchnorm_forward(x, np.ones(1), np.zeros(1), {"mode": "train", "eps": 0.0})
    >>> dx, dgamma, dbeta = spatial_batchnorm_backward(np.ones_like(x), cache)
    >>> dgamma, dbeta
    (array([0.]), array([2.]))
    """
    return _backward(dout, cache)


def _forward(x: Array, gamma: ArrayLike, beta: ArrayLike, bn_param: Param) -> tuple[Array, Cache]:
    bn_param = checked_param("bn_param", bn_param)
    mode = bn_param.get("mode")
    if not isinstance(mode, str) or mode not in ("train", "test"):
        raise ValueError(f"bn_param['mode'] must be 'train' or 'test', got {mode!r}")
    eps, momentum = checked_eps(bn_param.get("eps", 1e-5)), checked_momentum(bn_param.get("momentum", 0.9))
    channels = x.shape[1:2]
    gamma, beta = of_shape("gamma", gamma, channels), of_shape("beta", beta, channels)
    zeros = np.zeros(channels, result_dtype(x))
    running_mean = of_shape("bn_param['running_mean']", bn_param.get("running_mean", zeros), channels)
    running_var = of_shape("bn_param['running_var']", bn_param.get("running_var", zeros), channels)

    if mode == "test":
        dtype = result_dtype(x, gamma, beta, running_mean, running_var)
        x_, gamma_, beta_, mean, var = owned(dtype, x, gamma, beta, running_mean, running_var)
        # In float64 the root costs the float32 result no digit.
        var = var.astype(np.promote_types(var.dtype, np.float64))
        rstd = 1 / np.sqrt(var + eps)
        out = functions(x_).batch_norm_apply(x_, mean, rstd, gamma_, beta_)
        return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd.astype(x_.dtype), eps, dtype, frozen=True)

    dtype = result_dtype(x, gamma, beta)
    x_, gamma_, beta_ = owned(dtype, x, gamma, beta)
    out, mean, rstd, var = _train(x_, gamma_, beta_, eps)
    moved = [momentum * old + (1 - momentum) * new for old, new in ((running_mean, mean), (running_var, var))]
    bn_param["running_mean"], bn_param["running_var"] = moved
    return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd, eps, dtype)


def _train(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """Return out, mean, rstd and the biased variance."""
    if functions(x) is reference:
        count, _, m2 = reference.batch_norm_statistics(x)
        return *reference.batch_norm_forward(x, gamma, beta, eps), m2 / count
    # A running average with momentum 1 is the batch's own: its mean and variance without another look at x.
    mean, var = np.zeros_like(gamma), np.zeros_like(gamma)
    return *functional.batch_norm_forward(x, gamma, beta, mean, var, 1.0, eps, unbiased=False), var


def _backward(dout: ArrayLike, cache: Cache) -> Gradients:
    dout, dtype, cache = meet(dout, cache, _train)
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    training = not cache.frozen
    return rounded(functions(x).batch_norm_backward(dout, x, mean, rstd, gamma, training=training), dtype)
