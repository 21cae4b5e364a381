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

    Returns
    -------
    y, mean, rstd : ndarray
        `mean` and ``rstd = 1 / sqrt(var + eps)`` are (samples, num_groups), float64 for float64, else float32.

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
        Of one shape and dtype.
    mean, rstd : ndarray
        As `group_norm_forward` returned them.
    num_groups, weight, channel_axis, mask
        As in the forward pass.
    need : (bool, bool, bool)
        Which of the three results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy` or `x` itself.

    Returns
    -------
    dx, dweight, dbias : ndarray or None
        None where `need` says so; `dweight` also where no `weight` was given. `dx` is zero where the mask is False.

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
