"""Layer normalization: each row of x by its own mean and variance."""

import numpy as np

from .. import _backend
from .._dtypes import Array, array
from .._layouts import gathered, rows_of, settle, target
from .._memory import output
from .._operands import gradient, parameter, statistic
from .._scalars import ALL_NEEDED, checked_eps, checked_need
from .._shapes import axes_of_backward, checked_axes, reduced_axes


def layer_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...] | None,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    axis: int | tuple[int, ...] | None = None,
    out: Array | None = None,
) -> Array:
    """Normalize `x` over its trailing axes, or over any `axis`.

    Parameters
    ----------
    x : ndarray of float32 or float64
        The input, of any layout.
    normalized_shape : int or tuple of int or None
        The trailing shape of `x` that is reduced; None where `axis` is given.
    weight, bias : ndarray, optional
        Of the shape of the reduced axes (ascending) and the dtype of `x`; None stands for 1 and 0.
    eps : float
        Added to the variance.
    axis : int or tuple of int, optional
        The reduced axes, instead of `normalized_shape`.
    out : ndarray, optional
        Receives the result; may be `x` itself.

    Returns
    -------
    ndarray
        ``(x - mean) / sqrt(var + eps) * weight + bias`` in the shape and dtype of `x`: `out` where it was given.

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.layer_norm(np.array([[1.0, 3.0]]), 2, eps=0.0)
    array([[-1.,  1.]])
    """
    if axis is None:
        y = _backend.kernels.layer_norm_express(x, normalized_shape, weight, bias, eps, out)
        if y is not None:
            return y  # type: ignore[no-any-return]
    return _forward(x, normalized_shape, weight, bias, eps, axis, out, statistics=False)[0]


def layer_norm_forward(
    x: Array,
    normalized_shape: int | tuple[int, ...] | None,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    axis: int | tuple[int, ...] | None = None,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize as `layer_norm` does, and keep what `layer_norm_backward` needs.

    Returns
    -------
    y, mean, rstd : ndarray
        `mean` and ``rstd = 1 / sqrt(var + eps)`` have the shape of `x` with 1 on the reduced axes.
    """
    y, mean, rstd = _forward(x, normalized_shape, weight, bias, eps, axis, out, statistics=True)
    assert mean is not None and rstd is not None
    return y, mean, rstd


def layer_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None = None,
    *,
    axis: int | tuple[int, ...] | None = None,
    need: tuple[bool, bool, bool] = ALL_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """Carry the gradient `dy` of the loss in `y` back to `x`, `weight` and `bias`.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype.
    mean, rstd : ndarray
        As `layer_norm_forward` returned them.
    weight : ndarray, optional
        As in the forward pass.
    axis : int or tuple of int, optional
        The reduced axes. Without it they are read off the shapes of `weight` and `rstd`; where `x` has axes of size
        1 this takes the trailing ones for reduced.
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
    rstd = array("rstd", rstd)
    if axis is not None:
        axes = checked_axes(x, axis)
    else:
        axes = axes_of_backward(x, None if weight is None else array("weight", weight), rstd)
    order, rows, length, reduced_shape, kept_shape = rows_of(x, axes)
    weight_ = parameter("weight", weight, x, reduced_shape)
    mean_ = statistic("mean", mean, x, kept_shape)
    rstd_ = statistic("rstd", rstd, x, kept_shape)
    need_dx, need_dweight, need_dbias = checked_need(need, out)
    dx = output("out", out, x, (dy, x), (mean, rstd, weight)) if need_dx else None
    dweight = np.empty(reduced_shape, x.dtype) if need_dweight and weight is not None else None
    dbias = np.empty(reduced_shape, x.dtype) if need_dbias else None
    if dx is None and dweight is None and dbias is None:
        return None, None, None

    x_, dy_ = gathered(x, order), gathered(dy, order)
    dx_ = None if dx is None else target(dx, order)
    _backend.kernels.layer_norm_backward(dy_, x_, mean_, rstd_, weight_, dx_, dweight, dbias, rows, length)
    if dx is not None and dx_ is not None:
        settle(dx, dx_, order)
    return (dx if out is None else out), dweight, dbias


def _forward(
    x: Array,
    normalized_shape: object,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    axis: object,
    out: Array | None,
    *,
    statistics: bool,
) -> tuple[Array, Array | None, Array | None]:
    x = array("x", x)
    order, rows, length, reduced_shape, kept_shape = rows_of(x, reduced_axes(x, normalized_shape, axis))
    weight_ = parameter("weight", weight, x, reduced_shape)
    bias_ = parameter("bias", bias, x, reduced_shape)
    eps = checked_eps(eps)
    y = output("out", out, x, (x,), (weight, bias))

    x_, y_ = gathered(x, order), target(y, order)
    mean = np.empty(kept_shape, x.dtype) if statistics else None
    rstd = np.empty(kept_shape, x.dtype) if statistics else None
    _backend.kernels.layer_norm_forward(x_, weight_, bias_, eps, y_, mean, rstd, rows, length)
    settle(y, y_, order)
    return (y if out is None else out), mean, rstd
