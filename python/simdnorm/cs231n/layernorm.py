"""Layer normalization of the rows of a matrix."""

from numpy.typing import ArrayLike

from .. import functional, reference
from .._scalars import checked_eps
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


def layernorm_forward(x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, ln_param: Param) -> tuple[Array, Cache]:
    """Normalize the rows of `x`.

    Parameters
    ----------
    x : array_like
        (N, D), of real numbers.
    gamma, beta : array_like
        (D,), scale and shift.
    ln_param : dict
        Optional is ``eps``.

    Returns
    -------
    out : ndarray
        (N, D), of the type of ``x * gamma + beta``.
    cache : Cache
        For `layernorm_backward`.

    Raises
    ------
    TypeError
        If `ln_param` is no dict, or ``eps`` in it no real number; if an array does not hold real numbers, or is a
        masked array or a matrix.
    ValueError
        If an array is ragged, or of another shape than above; if ``eps`` is negative or not finite.
    MemoryError
        If there is no room for the result, or for what the cache keeps.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import layernorm_backward, layernorm_forward
    >>> out, cache = layernorm_forward(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), {"eps": 0.0})
    >>> out
    array([[-1.,  1.]])
    >>> dx, dgamma, dbeta = layernorm_backward(np.ones((1, 2)), cache)
    >>> dgamma
    array([-1.,  1.])
    """
    eps = checked_eps(checked_param("ln_param", ln_param).get("eps", 1e-5))
    x = of_dimensions(2, "x", x)
    gamma, beta = of_shape("gamma", gamma, x.shape[1:]), of_shape("beta", beta, x.shape[1:])
    dtype = result_dtype(x, gamma, beta)
    x_, gamma_, beta_ = owned(dtype, x, gamma, beta)
    out, mean, rstd = _forward(x_, gamma_, beta_, eps)
    return out.astype(dtype, copy=False), Cache(x_, gamma_, mean, rstd, eps, dtype)


def layernorm_backward(dout: ArrayLike, cache: Cache) -> Gradients:
    """Carry the gradient `dout` of the loss in `out` back through `layernorm_forward`.

    Parameters
    ----------
    dout : array_like
        (N, D), of real numbers.
    cache : Cache
        As `layernorm_forward` returned it.

    Returns
    -------
    dx, dgamma, dbeta : ndarray
        (N, D), (D,) and (D,), of the type of ``dout * out``.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batchnorm_backward` does.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import layernorm_backward, layernorm_forward
    >>> out, cache = layernorm_forward(np.array([[1.0, 3.0, 5.0]]), np.ones(3), np.zeros(3), {"eps": 0.0})
    >>> dx, dgamma, dbeta = layernorm_backward(np.array([[1.0, 0.0, 0.0]]), cache)
    >>> dx.round(3), dbeta
    (array([[ 0.102, -0.204,  0.102]]), array([1., 0., 0.]))
    """
    dout, dtype, cache = meet(dout, cache, _forward)
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    return rounded(functions(x).layer_norm_backward(dout, x, mean, rstd, gamma, axis=1), dtype)


def _forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array]:
    if functions(x) is reference:
        return reference.layer_norm_forward(x, gamma, beta, eps)
    return functional.layer_norm_forward(x, x.shape[1], gamma, beta, eps)
