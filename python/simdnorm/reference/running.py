"""Statistics that outlive a batch: merged from shares, and averaged over batches."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .precision import Array, working_dtype

Statistics: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike]  # count, mean, m2


@np.errstate(all="ignore")
def merge_statistics(a: Statistics, b: Statistics) -> tuple[NDArray[np.int64], Array, Array]:
    """Merge count, mean and m2 of two shares.

    With delta = mean_b - mean_a and n = n_a + n_b::

        mean = mean_a + delta * n_b / n          the point that divides the way from mean_a to mean_b as n_b : n_a
        m2   = m2_a + m2_b + delta^2 * n_a * n_b / n

    The last term: around the common mean, share a's squares grow by n_a * (delta * n_b / n)^2 and share b's by
    n_b * (delta * n_a / n)^2, together delta^2 * n_a * n_b * (n_b + n_a) / n^2.

    Parameters
    ----------
    a, b : (count, mean, m2)
        (channels,) each, as `batch_norm_statistics` returns them.

    Returns
    -------
    count, mean, m2 : ndarray
        Of both together: (channels,); `count` of int64, the others in the working precision.

    References
    ----------
    Chan, Golub & LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.merge_statistics(([2], [2], [2]), ([1], [5], [0]))
    (array([3]), array([3.]), array([8.]))
    """
    (count_a, mean_a, m2_a), (count_b, mean_b, m2_b) = a, b
    dtype = working_dtype(mean_a, m2_a, mean_b, m2_b)
    mean_a, m2_a, mean_b, m2_b = (np.asarray(v, dtype=dtype) for v in (mean_a, m2_a, mean_b, m2_b))
    count_a, count_b = np.asarray(count_a, dtype=np.int64), np.asarray(count_b, dtype=np.int64)

    count = count_a + count_b
    share_b = count_b.astype(dtype) / np.maximum(count, 1)  # both empty: 0 / 1, and everything stays 0
    delta = mean_b - mean_a
    mean = mean_a + delta * share_b
    m2 = m2_a + m2_b + delta * delta * count_a * share_b
    return count, mean, m2


@np.errstate(all="ignore")
def running_update(
    running_mean: ArrayLike,
    running_var: ArrayLike,
    count: ArrayLike,
    mean: ArrayLike,
    m2: ArrayLike,
    momentum: float = 0.1,
    unbiased: bool = True,
) -> tuple[Array, Array]:
    """Move running statistics: (1 - momentum) * running + momentum * batch, for mean and variance.

    The batch's variance is m2 / count (biased), or m2 / (count - 1), whose expectation is the population's.

    Parameters
    ----------
    running_mean, running_var : array_like
        (channels,).
    count, mean, m2 : array_like
        (channels,), of the batch, as `batch_norm_statistics` returns them.
    momentum : float
        The weight of the batch.
    unbiased : bool
        Whether the batch's variance is the unbiased one.

    Returns
    -------
    running_mean, running_var : ndarray
        New ones: (channels,), in the working precision.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.running_update([0], [1], count=[2], mean=[2], m2=[2])
    (array([0.2]), array([1.1]))
    """
    dtype = working_dtype(running_mean, running_var, mean, m2)
    mean, m2 = (np.asarray(v, dtype=dtype) for v in (mean, m2))
    var = m2 / (np.asarray(count, dtype=dtype) - (1 if unbiased else 0))
    return moved(running_mean, mean, momentum), moved(running_var, var, momentum)


def moved(running: ArrayLike, batch: Array, momentum: float) -> Array:
    """Return (1 - momentum) * running + momentum * batch, in the precision of the latter."""
    share = batch.dtype.type(momentum)
    return (1 - share) * np.asarray(running, dtype=batch.dtype) + share * batch
