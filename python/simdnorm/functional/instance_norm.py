"""Instance normalization: each channel of each sample by its own mean and variance."""

from .. import _backend
from .._channels import instances_of
from .._dtypes import Array
from .._masks import Mask
from .._operands import Running
from .._scalars import ALL_NEEDED, checked_momentum, checked_switch
from ._channel_norms import backward, forward, inference


def instance_norm(
    x: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> Array:
    """Normalize each channel of each sample of `x`, or all samples alike by running statistics.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        Two dimensions or more, of any layout; channels along `channel_axis`, samples along the first other axis.
    running_mean, running_var : ndarray or None
        (channels,) of the dtype of `x`, or float32 beside 16 bits. With `use_input_stats` they are updated in place, by
        the averages over the samples of their means and of their unbiased variances.
    weight, bias : ndarray, optional
        (channels,) of the dtype of `x`, or float32 beside 16 bits; None stands for 1 and 0.
    use_input_stats : bool
        False normalizes by the running statistics, as `batch_norm` does in evaluation.
    momentum : float
        The weight of this input in ``new = (1 - momentum) * old + momentum * average``.
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
        `running_var` differ; if `use_input_stats` is no bool, `channel_axis` no integer, or `momentum` or `eps` no real
        number.
    ValueError
        If `x`, `weight`, `bias`, `eps`, `channel_axis`, `mask` or `out` is refused as `group_norm` refuses it; if
        `running_mean` or `running_var` is not (channels,), is given without the other, or shares memory with it, with
        `x` or, where it is updated, with `weight`, `bias` or `mask`; if neither is given and `use_input_stats` is
        False, or one is read-only and it is True; if `momentum` is None or outside [0, 1]; if the statistics of a
        channel of a sample have fewer than two values.
    MemoryError
        As in `group_norm`.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.instance_norm(np.array([[[1.0, 3.0], [10.0, 30.0]]]), eps=0.0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    if use_input_stats is True:
        plain: Array | None = _backend.kernels.express.instance_norm_forward(
            x, weight, bias, eps, running_mean, running_var, momentum, channel_axis, mask, False, out
        )
        if plain is not None:
            return plain
    if not checked_switch("use_input_stats", use_input_stats):
        otherwise = "use_input_stats=True"
        return inference(x, running_mean, running_var, weight, bias, momentum, eps, channel_axis, mask, out, otherwise)
    running = running_mean, running_var
    return _forward(x, weight, bias, eps, channel_axis, mask, out, running, momentum, statistics=False)[0]


def instance_norm_forward(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: Mask | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize by the input's statistics, and keep what `instance_norm_backward` needs.

    Parameters
    ----------
    x, weight, bias, eps, channel_axis, mask, out
        As those of `instance_norm`.

    Returns
    -------
    y, mean, rstd : ndarray
        `y` is what `instance_norm` returns; `mean` and ``rstd = 1 / sqrt(var + eps)`` are (samples, channels), float64
        for float64, else float32.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `instance_norm` does.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> y, mean, rstd = simdnorm.instance_norm_forward(np.array([[[1.0, 3.0], [10.0, 30.0]]]), eps=0.0)
    >>> mean, rstd
    (array([[ 2., 20.]]), array([[1. , 0.1]]))
    """
    plain: tuple[Array, Array, Array] | None = _backend.kernels.express.instance_norm_forward(
        x, weight, bias, eps, None, None, 0.1, channel_axis, mask, True, out
    )
    if plain is not None:
        return plain
    y, mean, rstd = _forward(x, weight, bias, eps, channel_axis, mask, out, statistics=True)
    return y, mean, rstd


def instance_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
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
        Of one shape and dtype: one that `instance_norm` takes.
    mean, rstd : ndarray
        (samples, channels), as `instance_norm_forward` returned them.
    weight, channel_axis, mask
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
        As `group_norm_backward` does.

    References
    ----------
    Ulyanov, Vedaldi & Lempitsky, Instance Normalization, arXiv:1607.08022 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[[1.0, 3.0, 5.0]]]), np.array([[[1.0, 0.0, 0.0]]])
    >>> y, mean, rstd = simdnorm.instance_norm_forward(x, eps=0.0)
    >>> dx, dweight, dbias = simdnorm.instance_norm_backward(dy, x, mean, rstd)
    >>> dx.round(3), dweight, dbias
    (array([[[ 0.102, -0.204,  0.102]]]), None, array([1.]))
    """
    plain: tuple[Array | None, Array | None, Array | None] | None = _backend.kernels.express.instance_norm_backward(
        dy, x, mean, rstd, weight, channel_axis, mask, need, out
    )
    if plain is not None:
        return plain
    channels = instances_of(x, channel_axis, mask)
    return backward(_backend.kernels.instance_norm_backward, channels, dy, mean, rstd, weight, need, out)


def _forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    channel_axis: int,
    mask: Mask | None,
    out: Array | None,
    running: tuple[Array | None, Array | None] = (None, None),
    momentum: float = 0.1,
    *,
    statistics: bool,
) -> tuple[Array, ...]:
    channels = instances_of(x, channel_axis, mask)
    moved = Running(channels, *running, moved=True)
    moves = (checked_momentum(momentum),)
    channels.check_instances(averaged=bool(moved.given))
    kernel = _backend.kernels.instance_norm_forward
    return forward(kernel, channels, weight, bias, eps, out, statistics=statistics, running=moved, moves=moves)
