"""Layer normalization: each row of x by its own mean and variance."""

from .. import _backend
from .._dtypes import Array
from .._scalars import ALL_NEEDED
from ._row_norms import RowNorm

_NORM = RowNorm("layer_norm", centred=True, added=False)


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
    x : ndarray of float32, float64, float16 or bfloat16
        The input, of any layout.
    normalized_shape : int or tuple of int or None
        The trailing shape of `x` that is reduced; None where `axis` is given.
    weight, bias : ndarray, optional
        Of the shape of the reduced axes (ascending) and the dtype of `x`, or float32 beside 16 bits; None stands for 1
        and 0.
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

    Raises
    ------
    TypeError
        If an array is not a plain NumPy one, or `x`, `weight` or `bias` of a dtype not named above; if
        `normalized_shape` or `axis` is not made of integers, or `eps` is no real number.
    ValueError
        If `normalized_shape` is not the trailing shape of `x`, or `axis` is empty, out of range or repeated; if both or
        neither are given; if `weight` or `bias` has another shape than the reduced axes; if `eps` is negative or not
        finite; if `out` has another shape or dtype than `x`, is read-only, has elements that share memory, or overlaps
        an input without being `x` itself.
    MemoryError
        If there is no room for the result, or for the copy of an array that does not lie as the kernels read it.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.layer_norm(np.array([[1.0, 3.0]]), 2, eps=0.0)
    array([[-1.,  1.]])
    """
    plain: Array | None = _backend.kernels.express.layer_norm_forward(
        x, weight, bias, eps, normalized_shape, axis, False, out
    )
    if plain is not None:
        return plain
    return _NORM.forward(x, normalized_shape, weight, bias, eps, axis, out, statistics=False)[0]


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

    Parameters
    ----------
    x, normalized_shape, weight, bias, eps, axis, out
        As those of `layer_norm`.

    Returns
    -------
    y, mean, rstd : ndarray
        `y` is what `layer_norm` returns; `mean` and ``rstd = 1 / sqrt(var + eps)`` have the shape of `x` with 1 on the
        reduced axes, and are float64 for float64, else float32.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `layer_norm` does.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> y, mean, rstd = simdnorm.layer_norm_forward(np.array([[1.0, 3.0]]), 2, eps=0.0)
    >>> y, mean, rstd
    (array([[-1.,  1.]]), array([[2.]]), array([[1.]]))
    """
    plain: tuple[Array, Array, Array] | None = _backend.kernels.express.layer_norm_forward(
        x, weight, bias, eps, normalized_shape, axis, True, out
    )
    if plain is not None:
        return plain
    y, mean, rstd = _NORM.forward(x, normalized_shape, weight, bias, eps, axis, out, statistics=True)
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
        Of one shape and dtype: one that `layer_norm` takes.
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
        `dx` has the shape and dtype of `x`; the gradients of the parameters have the shape of the reduced axes and the
        dtype of `weight`, or of `x` without it. None where `need` says so; `dweight` also where no `weight` was given.

    Raises
    ------
    TypeError
        If an array is not a plain NumPy one, or of a dtype that the forward pass neither takes nor returns for it; if
        `axis` is not made of integers, or `need` is no sequence of bools.
    ValueError
        If `dy` has another shape or dtype than `x`, or `mean`, `rstd` or `weight` a shape that does not go with the
        reduced axes; if `axis` is empty, out of range or repeated; if `need` has not three values; if `out` is given
        and `need` leaves out `dx`, or it cannot be written, as in `layer_norm`, or overlaps an input without being `dy`
        or `x` itself.
    MemoryError
        As in `layer_norm`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[1.0, 3.0, 5.0]]), np.array([[1.0, 0.0, 0.0]])
    >>> y, mean, rstd = simdnorm.layer_norm_forward(x, 3, eps=0.0)
    >>> dx, dweight, dbias = simdnorm.layer_norm_backward(dy, x, mean, rstd)
    >>> dx.round(3), dweight, dbias
    (array([[ 0.102, -0.204,  0.102]]), None, array([1., 0., 0.]))
    """
    plain: tuple[Array | None, Array | None, Array | None] | None = _backend.kernels.express.layer_norm_backward(
        dy, x, mean, rstd, weight, axis, need, out
    )
    if plain is not None:
        return plain
    dx, dweight, dbias = _NORM.backward(dy, x, (mean, rstd), weight, need, out, axis)
    return dx, dweight, dbias
