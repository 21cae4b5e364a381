"""Group normalization of the channels of images."""

from dataclasses import dataclass

from numpy.typing import ArrayLike

from .._scalars import checked_eps, checked_groups
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


@dataclass(frozen=True)
class GroupCache(Cache):
    """A `Cache`, and what GroupNorm needs beside it."""

    groups: int = 1
    gamma_shape: tuple[int, ...] = ()  # as it was given
    beta_shape: tuple[int, ...] = ()


def spatial_groupnorm_forward(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, G: int, gn_param: Param
) -> tuple[Array, GroupCache]:
    """Normalize each of `G` groups of channels of each sample of `x`.

    Parameters
    ----------
    x : array_like
        (N, C, H, W), of real numbers.
    gamma, beta : array_like
        (1, C, 1, 1) or (C,), scale and shift.
    G : int
        The number of groups, which divides C.
    gn_param : dict
        Optional is ``eps``.

    Returns
    -------
    out : ndarray
        (N, C, H, W), of the type of ``x * gamma + beta``.
    cache : GroupCache
        For `spatial_groupnorm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `layernorm_forward` does; a TypeError also if `G` is no integer, a ValueError if it is less than 1 or does
        not divide C.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import spatial_groupnorm_forward
    >>> x = np.array([1.0, 3.0, 10.0, 30.0]).reshape(1, 4, 1, 1)
    >>> out, cache = spatial_groupnorm_forward(x, np.ones(4), np.zeros(4), 2, {"eps": 0.0})
    >>> out.ravel()
    array([-1.,  1., -1.,  1.])
    """
    eps = checked_eps(checked_param("gn_param", gn_param).get("eps", 1e-5))
    x = of_dimensions(4, "x", x)
    channels = x.shape[1]
    groups = checked_groups(G, channels, "G")
    shapes = (1, channels, 1, 1), (channels,)
    gamma, beta = of_shape("gamma", gamma, *shapes), of_shape("beta", beta, *shapes)
    dtype = result_dtype(x, gamma, beta)
    x_, gamma_, beta_ = owned(dtype, x, gamma.ravel(), beta.ravel())
    out, mean, rstd = _forward(x_, gamma_, beta_, eps, groups=groups)
    statistics = mean, rstd, eps, dtype, False
    return out.astype(dtype, copy=False), GroupCache(x_, gamma_, *statistics, groups, gamma.shape, beta.shape)


def spatial_groupnorm_backward(dout: ArrayLike, cache: GroupCache) -> Gradients:
    """Carry the gradient `dout` of the loss in `out` back through `spatial_groupnorm_forward`.

    Parameters
    ----------
    dout : array_like
        (N, C, H, W), of real numbers.
    cache : GroupCache
        As `spatial_groupnorm_forward` returned it.

    Returns
    -------
    dx, dgamma, dbeta : ndarray
        (N, C, H, W), and the shapes in which `gamma` and `beta` were given; of the type of ``dout * out``.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batchnorm_backward` does.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm.cs231n import spatial_groupnorm_backward, spatial_groupnorm_forward
    >>> x, dout = (np.array(a).reshape(1, 4, 1, 1) for a in ([1.0, 3.0, 10.0, 30.0], [1.0, 0.0, 2.0, 0.0]))
    >>> out, cache = spatial_groupnorm_forward(x, np.ones(4), np.zeros(4), 2, {"eps": 0.0})
    >>> dx, dgamma, dbeta = spatial_groupnorm_backward(dout, cache)
    >>> dgamma, dbeta
    (array([-1.,  0., -2.,  0.]), array([1., 0., 2., 0.]))
    """
    dout, dtype, cache = meet(dout, cache, lambda *arguments: _forward(*arguments, groups=cache.groups))
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    gradients = functions(x).group_norm_backward(dout, x, mean, rstd, cache.groups, gamma)
    dx, dgamma, dbeta = rounded(gradients, dtype)
    return dx, dgamma.reshape(cache.gamma_shape), dbeta.reshape(cache.beta_shape)


def _forward(x: Array, gamma: Array, beta: Array, eps: float, *, groups: int) -> tuple[Array, Array, Array]:
    y, mean, rstd = functions(x).group_norm_forward(x, groups, gamma, beta, eps)
    return y, mean, rstd
