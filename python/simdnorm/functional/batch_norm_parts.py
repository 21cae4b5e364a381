"""Batch normalization in parts, for statistics that span processes.

Each process sums over its own share of the batch; what travels between them are (channels,)-sized arrays::

    count, mean, m2 = merge_stats(*shares)                       # each share's batch_norm_stats, in one fixed order
    rstd = 1 / np.sqrt(m2 / count + eps)
    y = batch_norm_apply(x, mean, rstd, weight, bias)

    sum_dy, sum_dy_xhat = batch_norm_backward_sums(dy, x, mean, rstd)         # then added up over the shares:
    dx = batch_norm_backward_apply(dy, x, mean, rstd, weight, sum_dy, sum_dy_xhat, count)
    dweight, dbias = sum_dy_xhat, sum_dy

All statistics are float64, and are taken as they are given.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _backend, reference
from .._channels import channels_of
from .._dtypes import FLOAT64, Array, array
from .._masks import Mask
from .._operands import counts

Float64s: TypeAlias = NDArray[np.float64]
Statistics: TypeAlias = tuple[NDArray[np.int64], Float64s, Float64s]


def batch_norm_stats(x: Array, *, channel_axis: int = 1, mask: Mask | None = None) -> Statistics:
    """Count, mean and ``m2 = sum (x - mean)^2`` of each channel.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        Two dimensions or more; an empty share counts 0 and changes nothing in a merge.
    channel_axis : int
        The axis that is kept.
    mask : ndarray of bool, optional
        Broadcastable to `x`. What is False is not counted.

    Returns
    -------
    count, mean, m2 : ndarray
        (channels,), of int64, float64 and float64.

    Raises
    ------
    TypeError, ValueError, MemoryError
        If `x`, `channel_axis` or `mask` is refused as `group_norm` refuses it.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.batch_norm_stats(np.array([[1.0, 10.0], [3.0, 30.0]]))
    (array([2, 2]), array([ 2., 20.]), array([  2., 200.]))
    """
    channels = channels_of(x, channel_axis, mask)
    shape = channels.statistic_shape
    count, mean, m2 = np.empty(shape, np.int64), np.empty(shape), np.empty(shape)
    x_ = channels.read(channels.x)
    _backend.kernels.batch_norm_statistics(x_, channels.mask, count, mean, m2, channels.layout)
    return count, mean, m2


def merge_stats(*shares: Statistics) -> Statistics:
    """Merge what `batch_norm_stats` returned for each share, exactly and in the order given.

    Parameters
    ----------
    *shares : (count, mean, m2)
        One or more, each of (channels,) arrays; the same order gives the same bits.

    Returns
    -------
    count, mean, m2 : ndarray
        Of the whole, as `batch_norm_stats` would return them.

    Raises
    ------
    TypeError
        If a share is no tuple or list, `count` in it no NumPy array of numbers, or `mean` or `m2` none of float32,
        float64, float16 or bfloat16.
    ValueError
        If there is no share; if a share has not three values, or arrays of other shapes than (channels,), or has other
        channels than the first; if a `count` is negative or not whole.

    References
    ----------
    Chan, Golub & LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> shares = np.array([[1.0], [3.0]]), np.array([[5.0]])
    >>> simdnorm.merge_stats(*map(simdnorm.batch_norm_stats, shares))
    (array([3]), array([3.]), array([8.]))
    """
    if not shares:
        raise ValueError("merge_stats needs one or more (count, mean, m2), got none")
    merged, *others = (_checked_share(i, share) for i, share in enumerate(shares))
    for i, share in enumerate(others, 1):
        if share[0].shape != merged[0].shape:
            raise ValueError(f"share {i} has {share[0].size} channels, expected {merged[0].size}, as share 0 has")
        count, mean, m2 = reference.merge_statistics(merged, share)
        merged = count, mean.astype(np.float64), m2.astype(np.float64)
    return merged


def batch_norm_apply(
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    channel_axis: int = 1,
    out: Array | None = None,
) -> Array:
    """Normalize the channels of `x` by given statistics: ``(x - mean) * rstd * weight + bias``.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        Two dimensions or more.
    mean, rstd : ndarray
        (channels,), float64, or float32 where `x` is not float64.
    weight, bias : ndarray, optional
        (channels,) of the dtype of `x`, or float32 beside 16 bits.
    channel_axis : int
        The axis that the parameters run along.
    out : ndarray, optional
        Receives the result; may be `x` itself.

    Returns
    -------
    ndarray
        In the shape and dtype of `x`: `out` where it was given.

    Raises
    ------
    TypeError, ValueError, MemoryError
        If `x`, `weight`, `bias`, `channel_axis` or `out` is refused as `group_norm` refuses it; a TypeError also if
        `mean` or `rstd` is of another dtype than named above, a ValueError if it is not (channels,).

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.batch_norm_apply(np.array([[1.0, 10.0]]), mean=np.array([2.0, 20.0]), rstd=np.array([1.0, 0.1]))
    array([[-1., -1.]])
    """
    channels = channels_of(x, channel_axis)
    mean_, rstd_ = channels.exact_statistic("mean", mean), channels.exact_statistic("rstd", rstd)
    weight_, bias_ = channels.affine(weight, bias)
    y = channels.output(out, (channels.x,), (mean, rstd, weight, bias))

    x_ = channels.read(channels.x)
    _backend.kernels.batch_norm_apply(x_, mean_, rstd_, weight_, bias_, y.written, channels.layout)
    return y.settled()


def batch_norm_backward_sums(
    dy: Array, x: Array, mean: Array, rstd: Array, *, channel_axis: int = 1, mask: Mask | None = None
) -> tuple[Float64s, Float64s]:
    """Sum ``dy`` and ``dy * xhat`` over this share.

    Added up over all shares they are `dbias` and `dweight`, and what `batch_norm_backward_apply` needs.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype: one that `batch_norm_stats` takes.
    mean, rstd : ndarray
        (channels,), float64, or float32 where `x` is not float64, over all shares.
    channel_axis : int
        The axis that is kept.
    mask : ndarray of bool, optional
        As `batch_norm_stats` took it.

    Returns
    -------
    sum_dy, sum_dy_xhat : ndarray of float64
        (channels,).

    Raises
    ------
    TypeError, ValueError, MemoryError
        If `x`, `channel_axis` or `mask` is refused as `group_norm` refuses it; a TypeError also if `mean` or `rstd` is
        of another dtype than named above, a ValueError if it is not (channels,) or `dy` has another shape or dtype than
        `x`.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[1.0], [3.0]]), np.array([[1.0], [4.0]])
    >>> simdnorm.batch_norm_backward_sums(dy, x, mean=np.array([2.0]), rstd=np.array([1.0]))
    (array([5.]), array([3.]))
    """
    channels = channels_of(x, channel_axis, mask)
    dy = channels.beside("dy", dy)
    mean_, rstd_ = channels.exact_statistic("mean", mean), channels.exact_statistic("rstd", rstd)

    dy_, x_ = channels.read(dy), channels.read(channels.x)
    sum_dy, sum_dy_xhat = np.empty(channels.statistic_shape), np.empty(channels.statistic_shape)
    _backend.kernels.batch_norm_backward_sums(
        dy_, x_, mean_, rstd_, channels.mask, sum_dy, sum_dy_xhat, channels.layout
    )
    return sum_dy, sum_dy_xhat


def batch_norm_backward_apply(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    sum_dy: Array,
    sum_dy_xhat: Array,
    count: NDArray[np.int64],
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> Array:
    """Carry `dy` back to `x`: ``weight * rstd * (dy - sum_dy / count - xhat * sum_dy_xhat / count)``.

    Parameters
    ----------
    dy, x, mean, rstd
        As those of `batch_norm_backward_sums`.
    weight : ndarray or None
        (channels,) of the dtype of `x`, or float32 beside 16 bits.
    sum_dy, sum_dy_xhat : ndarray
        (channels,), float64, or float32 where `x` is not float64, over all shares.
    count : ndarray of whole numbers
        (channels,): values per channel over all shares.
    channel_axis : int
        The axis that the parameters run along.
    mask : ndarray of bool, optional
        As `batch_norm_stats` took it; `dx` is zero where it is False.
    out : ndarray, optional
        Receives the result; may be `dy` or `x` itself.

    Returns
    -------
    ndarray
        `dx`, in the shape and dtype of `x`: `out` where it was given.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batch_norm_backward_sums` does, for `sum_dy` and `sum_dy_xhat` like `mean`; a TypeError also if `count` is
        no NumPy array of numbers, a ValueError if they are not whole, or less than the values of `x` per channel;
        either also if `weight` or `out` is refused as `group_norm` refuses it.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
    >>> count, mean, m2 = simdnorm.batch_norm_stats(x)
    >>> rstd = 1 / np.sqrt(m2 / count)
    >>> sums = simdnorm.batch_norm_backward_sums(dy, x, mean, rstd)
    >>> simdnorm.batch_norm_backward_apply(dy, x, mean, rstd, None, *sums, count).T.round(3)
    array([[ 0.102, -0.204,  0.102]])
    """
    channels = channels_of(x, channel_axis, mask)
    dy, x = channels.beside("dy", dy), channels.x
    statistics = {"mean": mean, "rstd": rstd, "sum_dy": sum_dy, "sum_dy_xhat": sum_dy_xhat}
    mean_, rstd_, sum_dy_, sum_dy_xhat_ = map(channels.exact_statistic, statistics, statistics.values())
    weight_, _ = channels.affine(weight)
    count_ = counts("count", count, channels.statistic_shape, at_least=channels.counts())
    dx = channels.output(out, (dy, x), (weight, *statistics.values(), count))

    dy_, x_ = channels.read(dy), channels.read(x)
    _backend.kernels.batch_norm_backward_apply(
        dy_, x_, mean_, rstd_, weight_, sum_dy_, sum_dy_xhat_, count_, channels.mask, dx.written, channels.layout
    )
    return dx.settled()


def _checked_share(i: int, share: object) -> Statistics:
    if not isinstance(share, tuple | list):
        raise TypeError(f"share {i} must be (count, mean, m2), got {type(share).__name__}")
    if len(share) != 3:
        raise ValueError(f"share {i} must be (count, mean, m2), got {len(share)} values")
    shape = (np.size(share[0]),)
    count = counts(f"count of share {i}", share[0], shape, at_least=0)
    mean, m2 = (array(f"{name} of share {i}", value) for name, value in zip(("mean", "m2"), share[1:], strict=True))
    for name, value in (("mean", mean), ("m2", m2)):
        if value.shape != shape:
            raise ValueError(f"{name} of share {i} has shape {value.shape}, expected {shape}, that of the counts")
    return count, mean.astype(FLOAT64), m2.astype(FLOAT64)
