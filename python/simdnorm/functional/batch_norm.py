"""Batch normalization: each channel of x by the batch's mean and variance, or by running ones."""

from .. import _backend
from .._channels import channels_of
from .._dtypes import Array
from .._masks import Mask
from .._operands import Running
from .._scalars import ALL_NEEDED, checked_momentum, checked_switch
from ._channel_norms import backward, forward, inference


def batch_norm(
    x: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> Array:
    """Normalize the channels of `x` by running statistics, or in `training` by the batch's own.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        Two dimensions or more, of any layout; channels along `channel_axis`.
    running_mean, running_var : ndarray or None
        (channels,) of the dtype of `x`, or float32 beside 16 bits. In training updated in place, or both None.
    weight, bias : ndarray, optional
        (channels,) of the dtype of `x`, or float32 beside 16 bits; None stands for 1 and 0.
    training : bool
        Whether the batch's statistics normalize, and move the running ones.
    momentum : float
        The weight of the batch in ``new = (1 - momentum) * old + momentum * batch``.
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
        If an array is not a plain NumPy one, or of a dtype not named above; if the dtypes of `running_mean` and
        `running_var` differ; if `training` is no bool, `channel_axis` no integer, or `momentum` or `eps` no real
        number.
    ValueError
        If `x`, `weight`, `bias`, `eps`, `channel_axis`, `mask` or `out` is refused as `group_norm` refuses it; if
        `running_mean` or `running_var` is not (channels,), is given without the other, or shares memory with it, with
        `x` or, in training, with `weight`, `bias` or `mask`; if neither is given when not `training`, or one is
        read-only in training; if `momentum` is None or outside [0, 1]; if in training a channel has fewer than two
        values.
    MemoryError
        As in `group_norm`.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> simdnorm.batch_norm(x, None, None, training=True, eps=0.0)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    if training is True:
        plain: Array | None = _backend.kernels.express.batch_norm_forward(
            x, weight, bias, eps, running_mean, running_var, momentum, True, channel_axis, mask, False, out
        )
        if plain is not None:
            return plain
    running = running_mean, running_var
    if not checked_switch("training", training):
        return inference(x, *running, weight, bias, momentum, eps, channel_axis, mask, out, "training=True")
    return _train(x, weight, bias, running, momentum, eps, channel_axis, mask, True, out, statistics=False)[0]


def batch_norm_forward(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    unbiased: bool = True,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize by the batch's statistics (training), and keep what `batch_norm_backward` needs.

    Parameters
    ----------
    x, weight, bias, running_mean, running_var, momentum, eps, channel_axis, mask
        As those of `batch_norm` in training.
    unbiased : bool
        Whether the running variance takes the batch's variance times n / (n - 1), as PyTorch's does.
    out
        As that of `batch_norm`.

    Returns
    -------
    y, mean, rstd : ndarray
        `y` is what `batch_norm` returns; `mean` and ``rstd = 1 / sqrt(var + eps)`` are (channels,), float64 for
        float64, else float32.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `batch_norm` does in training; a TypeError also if `unbiased` is no bool.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, running_mean, running_var = np.array([[1.0, 10.0], [3.0, 30.0]]), np.zeros(2), np.ones(2)
    >>> y, mean, rstd = simdnorm.batch_norm_forward(x, None, None, running_mean, running_var, eps=0.0)
    >>> mean, rstd
    (array([ 2., 20.]), array([1. , 0.1]))
    >>> running_mean, running_var
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    """
    plain: tuple[Array, Array, Array] | None = _backend.kernels.express.batch_norm_forward(
        x, weight, bias, eps, running_mean, running_var, momentum, unbiased, channel_axis, mask, True, out
    )
    if plain is not None:
        return plain
    running = running_mean, running_var
    y, mean, rstd = _train(x, weight, bias, running, momentum, eps, channel_axis, mask, unbiased, out, statistics=True)
    return y, mean, rstd


def batch_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None = None,
    *,
    training: bool = True,
    channel_axis: int = 1,
    mask: Mask | None = None,
    need: tuple[bool, bool, bool] = ALL_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """Carry the gradient `dy` of the loss in `y` back to `x`, `weight` and `bias`.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype: one that `batch_norm` takes.
    mean, rstd : ndarray
        (channels,): as `batch_norm_forward` returned them, or constants of that dtype when not `training`.
    weight
        As in the forward pass.
    training : bool
        False is the frozen pass: `mean` and `rstd` do not depend on `x`.
    channel_axis, mask
        As in the forward pass.
    need : (bool, bool, bool)
        Which of the three results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy` or `x` itself.

    Returns
    -------
    dx, dweight, dbias : ndarray or None
        As those of `group_norm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `group_norm_backward` does; a TypeError also if `training` is no bool.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
    >>> y, mean, rstd = simdnorm.batch_norm_forward(x, eps=0.0)
    >>> dx, dweight, dbias = simdnorm.batch_norm_backward(dy, x, mean, rstd)
    >>> dx.T.round(3), dweight, dbias
    (array([[ 0.102, -0.204,  0.102]]), None, array([1.]))
    """
    plain: tuple[Array | None, Array | None, Array | None] | None = _backend.kernels.express.batch_norm_backward(
        dy, x, mean, rstd, weight, training, channel_axis, mask, need, out
    )
    if plain is not None:
        return plain
    channels = channels_of(x, channel_axis, mask)
    kernel = _backend.kernels.batch_norm_backward
    switch = (checked_switch("training", training),)
    return backward(kernel, channels, dy, mean, rstd, weight, need, out, training=switch)


def _train(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running: tuple[Array | None, Array | None],
    momentum: float,
    eps: float,
    channel_axis: int,
    mask: Mask | None,
    unbiased: bool,
    out: Array | None,
    *,
    statistics: bool,
) -> tuple[Array, ...]:
    channels = channels_of(x, channel_axis, mask)
    moved = Running(channels, *running, moved=True)
    moves = checked_momentum(momentum), checked_switch("unbiased", unbiased)
    channels.check_batch()
    kernel = _backend.kernels.batch_norm_forward
    return forward(kernel, channels, weight, bias, eps, out, statistics=statistics, running=moved, moves=moves)
