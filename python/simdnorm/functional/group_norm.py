"""Group normalization: the channels of each sample by groups, each group by its own mean and variance."""

from .. import _backend
from .._channels import groups_of
from .._dtypes import Array
from .._masks import Mask
from .._scalars import ALL_NEEDED
from ._channel_norms import backward, forward


def group_norm(
    x: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> Array:
    """Normalize each group of channels of each sample of `x`.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        Two dimensions or more, of any layout; channels along `channel_axis`, samples along the first other axis.
    num_groups : int
        Into how many groups of neighbours the channels are divided, evenly.
    weight, bias : ndarray, optional
        (channels,) of the dtype of `x`, or float32 beside 16 bits; None stands for 1 and 0.
    eps : float
        Added to the variance.
    channel_axis : int
        The axis that the parameters run along; -1 for channels last.
    mask : ndarray of bool, optional
        Broadcastable to `x`. What is False counts for nothing and comes out as zero.
    out : ndarray, optional
        Receives the result; may be `x` itself.

    Returns
    -------
    ndarray
        In the shape and dtype of `x`: `out` where it was given.

    Raises
    ------
    TypeError
        If an array is not a plain NumPy one, `x`, `weight` or `bias` of a dtype not named above, or `mask` not of
        bools; if `num_groups` or `channel_axis` is no integer, or `eps` no real number.
    ValueError
        If `x` has fewer than two dimensions, `channel_axis` is out of range, or `num_groups` is less than 1 or does not
        divide the channels; if `weight` or `bias` is not (channels,), or `mask` does not broadcast to `x`; if `eps` is
        negative or not finite; if `out` cannot be written, as in `layer_norm`, or overlaps `mask`.
    MemoryError
        If there is no room for the result, or for the copy of an array that does not lie as the kernels read it.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    plain: Array | None = _backend.kernels.express.group_norm_forward(
        x, num_groups, weight, bias, eps, channel_axis, mask, False, out
    )
    if plain is not None:
        return plain
    return _forward(x, num_groups, weight, bias, eps, channel_axis, mask, out, statistics=False)[0]


def group_norm_forward(
    x: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize as `group_norm` does, and keep what `group_norm_backward` needs.

    Parameters
    ----------
    x, num_groups, weight, bias, eps, channel_axis, mask, out
        As those of `group_norm`.

    Returns
    -------
    y, mean, rstd : ndarray
        `y` is what `group_norm` returns; `mean` and ``rstd = 1 / sqrt(var + eps)`` are (samples, num_groups), float64
        for float64, else float32.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `group_norm` does.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> y, mean, rstd = simdnorm.group_norm_forward(np.array([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
    >>> mean, rstd
    (array([[ 2., 20.]]), array([[1. , 0.1]]))
    """
    plain: tuple[Array, Array, Array] | None = _backend.kernels.express.group_norm_forward(
        x, num_groups, weight, bias, eps, channel_axis, mask, True, out
    )
    if plain is not None:
        return plain
    y, mean, rstd = _forward(x, num_groups, weight, bias, eps, channel_axis, mask, out, statistics=True)
    return y, mean, rstd


def group_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    num_groups: int,
    weight: Array | None = None,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    need: tuple[bool, bool, bool] = ALL_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """Carry the gradient `dy` of the loss in `y` back to `x`, `weight` and `bias`.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype: one that `group_norm` takes.
    mean, rstd : ndarray
        (samples, num_groups), as `group_norm_forward` returned them.
    num_groups, weight, channel_axis, mask
        As in the forward pass.
    need : (bool, bool, bool)
        Which of the three results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy` or `x` itself.

    Returns
    -------
    dx, dweight, dbias : ndarray or None
        `dx` has the shape and dtype of `x`, and is zero where the mask is False; the gradients of the parameters are
        (channels,), of the dtype of `weight`, or of `x` without it. None where `need` says so; `dweight` also where no
        `weight` was given.

    Raises
    ------
    TypeError
        If an array is not a plain NumPy one, or of a dtype that the forward pass neither takes nor returns for it; if
        `num_groups` or `channel_axis` is no integer, or `need` no sequence of bools.
    ValueError
        If `dy` has another shape or dtype than `x`, or `mean` or `rstd` another shape than the forward pass gave it; if
        `x`, `num_groups`, `weight`, `channel_axis` or `mask` is refused as `group_norm` refuses it; if `need` has not
        three values; if `out` is given and `need` leaves out `dx`, or it cannot be written, as in `layer_norm`, or
        overlaps another array without being `dy` or `x` itself.
    MemoryError
        As in `group_norm`.

    References
    ----------
    Wu & He, Group Normalization, arXiv:1803.08494 (2018).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, weight = np.array([[1.0, 3.0, 10.0, 30.0]]), np.ones(4)
    >>> y, mean, rstd = simdnorm.group_norm_forward(x, 2, weight, eps=0.0)
    >>> dy = np.array([[1.0, 0.0, 2.0, 0.0]])
    >>> dx, dweight, dbias = simdnorm.group_norm_backward(dy, x, mean, rstd, 2, weight)
    >>> dweight, dbias
    (array([-1.,  0., -2.,  0.]), array([1., 0., 2., 0.]))
    """
    plain: tuple[Array | None, Array | None, Array | None] | None = _backend.kernels.express.group_norm_backward(
        dy, x, num_groups, mean, rstd, weight, channel_axis, mask, need, out
    )
    if plain is not None:
        return plain
    channels = groups_of(x, num_groups, channel_axis, mask)
    groups = channels.statistic_shape[1:]
    kernel = _backend.kernels.group_norm_backward
    return backward(kernel, channels, dy, mean, rstd, weight, need, out, groups=groups)


def _forward(
    x: Array,
    num_groups: int,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    channel_axis: int,
    mask: Mask | None,
    out: Array | None,
    *,
    statistics: bool,
) -> tuple[Array, ...]:
    channels = groups_of(x, num_groups, channel_axis, mask)
    groups = channels.statistic_shape[1:]
    kernel = _backend.kernels.group_norm_forward
    return forward(kernel, channels, weight, bias, eps, out, statistics=statistics, groups=groups)
