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
        (N, C, H, W).
    gamma, beta : array_like
        (1, C, 1, 1) or (C,), scale and shift.
    G : int
        Divides C.
    gn_param : dict
        Optional is ``eps``.

    Returns
    -------
    out : ndarray
        (N, C, H, W).
    cache : GroupCache
        For `spatial_groupnorm_backward`.
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
    """Carry `dout` (N, C, H, W) back through `spatial_groupnorm_forward`: dx, and dgamma, dbeta in the given shapes."""
    dout, dtype, cache = meet(dout, cache, lambda *arguments: _forward(*arguments, groups=cache.groups))
    x, gamma, mean, rstd = cache.x, cache.gamma, cache.mean, cache.rstd
    gradients = functions(x).group_norm_backward(dout, x, mean, rstd, cache.groups, gamma)
    dx, dgamma, dbeta = rounded(gradients, dtype)
    return dx, dgamma.reshape(cache.gamma_shape), dbeta.reshape(cache.beta_shape)


def _forward(x: Array, gamma: Array, beta: Array, eps: float, *, groups: int) -> tuple[Array, Array, Array]:
    y, mean, rstd = functions(x).group_norm_forward(x, groups, gamma, beta, eps)
    return y, mean, rstd
