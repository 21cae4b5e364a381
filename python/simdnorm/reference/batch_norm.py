"""Batch normalization (Ioffe & Szegedy, arXiv:1502.03167): each channel by its own mean and variance.

The formulas are LayerNorm's; statistics and parameters both belong to a channel, over all other axes.
"""

import numpy as np
from numpy.typing import ArrayLike

from .batch_norm_parts import batch_norm_apply
from .precision import Array, Gradients, working_dtype
from .standardize import affine, standardize, standardize_backward
from .sums import along, centre_on, select, split_axes, spread, total


@np.errstate(all="ignore")
def batch_norm_forward(
    x: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize the channels of `x` by the batch's own statistics (training).

    Parameters
    ----------
    x : array_like
        At least two dimensions; channels along `channel_axis`.
    weight, bias : array_like, optional
        (channels,).
    eps : float
        Added to the variance.
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        Broadcasts to `x`. Where it is False, x counts for nothing and y is 0.

    Returns
    -------
    y, mean, rstd : ndarray
        In the working precision; `y` of the shape of `x`, `mean` and `rstd` (channels,).

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> y, mean, rstd = reference.batch_norm_forward([[1, 10], [3, 30]], eps=0)
    >>> mean, rstd
    (array([ 2., 20.]), array([1. , 0.1]))
    """
    x = np.asarray(x, dtype=working_dtype(x, weight, bias))
    channel, axes = split_axes(x.ndim, channel_axis)
    mask = spread(mask, x)
    xhat, mean, rstd = standardize(x, axes, eps, mask)
    return select(affine(xhat, weight, bias, channel), mask), mean.ravel(), rstd.ravel()


@np.errstate(all="ignore")
def batch_norm_inference(
    x: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
    *,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Array:
    """Normalize the channels of `x` by the running statistics (evaluation).

    eps stands under the root, where training had it: 1 / (sqrt(running_var) + eps) would be another function.

    Parameters
    ----------
    x : array_like
        At least two dimensions; channels along `channel_axis`.
    running_mean, running_var : array_like
        (channels,).
    weight, bias, eps, channel_axis, mask
        As those of `batch_norm_forward`.

    Returns
    -------
    ndarray
        `y`, of the shape of `x`, in longdouble: the rstd that it is computed with has the working precision already.

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> reference.batch_norm_inference([[1, 10]], running_mean=[2, 20], running_var=[1, 100], eps=0).astype("f8")
    array([[-1., -1.]])
    """
    dtype = working_dtype(x, running_mean, running_var, weight, bias)
    rstd = 1 / np.sqrt(np.asarray(running_var, dtype=dtype) + dtype.type(eps))
    x = np.asarray(x, dtype=dtype)
    return batch_norm_apply(x, running_mean, rstd, weight, bias, channel_axis=channel_axis, mask=mask)


@np.errstate(all="ignore")
def batch_norm_backward(
    dy: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    rstd: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    training: bool = True,
    channel_axis: int = 1,
    mask: ArrayLike | None = None,
) -> Gradients:
    """Carry the gradient back through `batch_norm_forward`, or through `batch_norm_apply` when not `training`.

    Parameters
    ----------
    dy, x : array_like
        The gradient of the loss in `y`, and the input; of one shape.
    mean, rstd : array_like
        (channels,). In training as the forward pass returned them, possibly rounded to a narrower type since.
    weight : array_like, optional
        (channels,).
    training : bool
        False: `mean` and `rstd` are constants, taken as they stand.
    channel_axis : int
        The axis that is kept.
    mask : array_like of bool, optional
        As in the forward pass. Where it is False, dy and x count for nothing and dx is 0.

    Returns
    -------
    dx, dweight, dbias : ndarray
        In the working precision; `dx` of the shape of `x`, the parameters' gradients (channels,).

    References
    ----------
    Ioffe & Szegedy, Batch Normalization, arXiv:1502.03167 (2015).

    Examples
    --------
    >>> from simdnorm import reference
    >>> x = [[1], [3], [5]]
    >>> y, mean, rstd = reference.batch_norm_forward(x, eps=0)
    >>> dx, dweight, dbias = reference.batch_norm_backward([[1], [0], [0]], x, mean.astype("f4"), rstd.astype("f4"))
    >>> dx.T.round(3), dweight.round(3), dbias
    (array([[ 0.102, -0.204,  0.102]]), array([-1.225]), array([1.]))
    """
    dtype = working_dtype(dy, x, mean, rstd, weight)
    dy, x = np.asarray(dy, dtype=dtype), np.asarray(x, dtype=dtype)
    channel, axes = split_axes(x.ndim, channel_axis)
    rstd, mask = along(rstd, x, channel), spread(mask, x)
    dxhat = affine(dy, weight, None, channel)

    if training:
        xhat = centre_on(x, np.reshape(mean, rstd.shape), rstd, axes, mask) * rstd
        dx = standardize_backward(dxhat, xhat, rstd, axes, mask)
    else:
        xhat = (x - along(mean, x, channel)) * rstd
        dx = dxhat * rstd
    return select(dx, mask), total(dy * xhat, axes, mask).ravel(), total(dy, axes, mask).ravel()
