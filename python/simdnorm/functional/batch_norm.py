"""Batch normalization: each channel of x by the batch's mean and variance, or by running ones."""

import numpy as np

from .. import _backend
from .._dtypes import Array, array
from .._layouts import channels_of, dense, gathered, settle, target
from .._memory import output, write_together
from .._operands import gradient, keep_apart, parameter, running_pair, statistic
from .._scalars import ALL_NEEDED, checked_eps, checked_momentum, checked_need, checked_switch
from .._shapes import checked_channel_axis


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
    out: Array | None = None,
) -> Array:
    """Normalize the channels of `x` by running statistics, or in `training` by the batch's own.

    Parameters
    ----------
    x : ndarray of float32 or float64
        Two dimensions or more, of any layout; channels along `channel_axis`.
    running_mean, running_var : ndarray or None
        (channels,). In training updated in place, or both None.
    weight, bias : ndarray, optional
        (channels,) of the dtype of `x`; None stands for 1 and 0.
    training : bool
        Whether the batch's statistics normalize, and move the running ones.
    momentum : float
        The weight of the batch in ``new = (1 - momentum) * old + momentum * batch``.
    eps : float
        Added to the variance.
    channel_axis : int
        The axis that the parameters run along; -1 for channels last.
    out : ndarray, optional
        Receives the result; may be `x` itself.

    Returns
    -------
    ndarray
        In the shape and dtype of `x`: `out` where it was given.

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> simdnorm.batch_norm(x, None, None, training=True, eps=0.0)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    if checked_switch("training", training):
        return _train(
            x, weight, bias, running_mean, running_var, momentum, eps, channel_axis, True, out, statistics=False
        )[0]
    x = array("x", x)
    order, outer, channels, inner = channels_of(x, checked_channel_axis(x, channel_axis))
    weight_ = parameter("weight", weight, x, (channels,))
    bias_ = parameter("bias", bias, x, (channels,))
    running = running_pair(running_mean, running_var, x, channels, written=False)
    if running is None:
        raise ValueError("running_mean and running_var are None: give both, or training=True")
    checked_momentum(momentum)
    eps = checked_eps(eps)
    y = output("out", out, x, (x,), (weight, bias, *running))

    x_, y_ = gathered(x, order), target(y, order)
    mean_, var_ = dense(running[0]), dense(running[1])
    _backend.kernels.batch_norm_inference(x_, mean_, var_, weight_, bias_, eps, y_, outer, channels, inner)
    settle(y, y_, order)
    return y if out is None else out


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
    unbiased: bool = True,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize by the batch's statistics (training), and keep what `batch_norm_backward` needs.

    Parameters are those of `batch_norm`; `unbiased` says whether the running variance takes the batch's variance
    times n / (n - 1), as PyTorch's does.

    Returns
    -------
    y, mean, rstd : ndarray
        `mean` and ``rstd = 1 / sqrt(var + eps)`` are (channels,).
    """
    y, mean, rstd = _train(
        x, weight, bias, running_mean, running_var, momentum, eps, channel_axis, unbiased, out, statistics=True
    )
    assert mean is not None and rstd is not None
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
    need: tuple[bool, bool, bool] = ALL_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """Carry the gradient `dy` of the loss in `y` back to `x`, `weight` and `bias`.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype.
    mean, rstd : ndarray
        (channels,): as `batch_norm_forward` returned them, or constants when not `training`.
    weight : ndarray, optional
        As in the forward pass.
    training : bool
        False is the frozen pass: `mean` and `rstd` do not depend on `x`.
    channel_axis : int
        The axis that the parameters run along.
    need : (bool, bool, bool)
        Which of the three results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy` or `x` itself.

    Returns
    -------
    dx, dweight, dbias : ndarray or None
        None where `need` says so; `dweight` also where no `weight` was given.
    """
    x = array("x", x)
    dy = gradient("dy", dy, x)
    order, outer, channels, inner = channels_of(x, checked_channel_axis(x, channel_axis))
    weight_ = parameter("weight", weight, x, (channels,))
    mean_ = statistic("mean", mean, x, (channels,))
    rstd_ = statistic("rstd", rstd, x, (channels,))
    training = checked_switch("training", training)
    need_dx, need_dweight, need_dbias = checked_need(need, out)
    dx = output("out", out, x, (dy, x), (mean, rstd, weight)) if need_dx else None
    dweight = np.empty(channels, x.dtype) if need_dweight and weight is not None else None
    dbias = np.empty(channels, x.dtype) if need_dbias else None
    if dx is None and dweight is None and dbias is None:
        return None, None, None

    x_, dy_ = gathered(x, order), gathered(dy, order)
    dx_ = None if dx is None else target(dx, order)
    _backend.kernels.batch_norm_backward(
        dy_, x_, mean_, rstd_, weight_, training, dx_, dweight, dbias, outer, channels, inner
    )
    if dx is not None and dx_ is not None:
        settle(dx, dx_, order)
    return (dx if out is None else out), dweight, dbias


def _train(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    eps: float,
    channel_axis: int,
    unbiased: bool,
    out: Array | None,
    *,
    statistics: bool,
) -> tuple[Array, Array | None, Array | None]:
    x = array("x", x)
    order, outer, channels, inner = channels_of(x, checked_channel_axis(x, channel_axis))
    weight_ = parameter("weight", weight, x, (channels,))
    bias_ = parameter("bias", bias, x, (channels,))
    running = running_pair(running_mean, running_var, x, channels, written=True)
    momentum, eps = checked_momentum(momentum), checked_eps(eps)
    unbiased = checked_switch("unbiased", unbiased)
    if outer * inner < 2:
        raise ValueError(f"x has shape {x.shape}: training needs 2 or more values per channel, got {outer * inner}")
    y = output("out", out, x, (x,), (weight, bias, *(running or ())))
    if running is not None:
        keep_apart(running, (("weight", weight), ("bias", bias)))

    x_, y_ = gathered(x, order), target(y, order)
    mean = np.empty(channels, x.dtype) if statistics else None
    rstd = np.empty(channels, x.dtype) if statistics else None
    updated = None if running is None else _updatable(running)
    running_mean_, running_var_ = updated or (None, None)
    _backend.kernels.batch_norm_forward(
        x_, weight_, bias_, eps, running_mean_, running_var_, momentum, unbiased, y_, mean, rstd, outer, channels, inner
    )
    settle(y, y_, order)
    if running is not None and updated is not None and updated is not running:
        write_together(running, updated)
    return (y if out is None else out), mean, rstd


def _updatable(running: tuple[Array, Array]) -> tuple[Array, Array]:
    """Give the kernels running statistics to update: themselves where both are dense, else copies of both.

    One of each would leave, after an interrupt, one old and one new.
    """
    mean, var = running
    return running if dense(mean) is mean and dense(var) is var else (mean.copy(), var.copy())
