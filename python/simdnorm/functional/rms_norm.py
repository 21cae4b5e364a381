"""Root mean square normalization: each row of x by its own size."""

from .. import _backend
from .._dtypes import Array
from .._scalars import BOTH_NEEDED
from ._row_norms import RowNorm

_NORM = RowNorm("rms_norm", centred=False, added=False)


def rms_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...] | None,
    weight: Array | None = None,
    eps: float | None = None,
    *,
    axis: int | tuple[int, ...] | None = None,
    out: Array | None = None,
) -> Array:
    """Divide `x` by its root mean square over its trailing axes, or over any `axis`.

    Parameters
    ----------
    x : ndarray of float32, float64, float16 or bfloat16
        The input, of any layout.
    normalized_shape : int or tuple of int or None
        The trailing shape of `x` that is reduced; None where `axis` is given.
    weight : ndarray, optional
        Of the shape of the reduced axes (ascending) and the dtype of `x`, or float32 beside 16 bits; None stands for 1.
    eps : float, optional
        Added to the mean square; None stands for ``finfo(x.dtype).eps``.
    axis : int or tuple of int, optional
        The reduced axes, instead of `normalized_shape`.
    out : ndarray, optional
        Receives the result; may be `x` itself.

    Returns
    -------
    ndarray
        ``x / sqrt(mean(x * x) + eps) * weight`` in the shape and dtype of `x`: `out` where it was given.

    Raises
    ------
    TypeError
        If an array is not a plain NumPy one, or `x` or `weight` of a dtype not named above; if `normalized_shape` or
        `axis` is not made of integers, or `eps` is no real number.
    ValueError
        If `normalized_shape`, `axis`, `eps` or `out` is refused as `layer_norm` refuses it, or `weight` has another
        shape than the reduced axes.
    MemoryError
        If there is no room for the result, or for the copy of an array that does not lie as the kernels read it.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.rms_norm(np.array([[1.0, 7.0]]), 2, eps=0.0)
    array([[0.2, 1.4]])
    """
    plain: Array | None = _backend.kernels.express.rms_norm_forward(x, weight, eps, normalized_shape, axis, False, out)
    if plain is not None:
        return plain
    return _NORM.forward(x, normalized_shape, weight, None, eps, axis, out, statistics=False)[0]


def rms_norm_forward(
    x: Array,
    normalized_shape: int | tuple[int, ...] | None,
    weight: Array | None = None,
    eps: float | None = None,
    *,
    axis: int | tuple[int, ...] | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Normalize as `rms_norm` does, and keep what `rms_norm_backward` needs.

    Parameters
    ----------
    x, normalized_shape, weight, eps, axis, out
        As those of `rms_norm`.

    Returns
    -------
    y, rstd : ndarray
        `y` is what `rms_norm` returns; ``rstd = 1 / sqrt(mean(x * x) + eps)`` has the shape of `x` with 1 on the
        reduced axes, and is float64 for float64, else float32.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `rms_norm` does.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.rms_norm_forward(np.array([[1.0, 7.0]]), 2, eps=0.0)
    (array([[0.2, 1.4]]), array([[0.2]]))
    """
    plain: tuple[Array, Array] | None = _backend.kernels.express.rms_norm_forward(
        x, weight, eps, normalized_shape, axis, True, out
    )
    if plain is not None:
        return plain
    y, rstd = _NORM.forward(x, normalized_shape, weight, None, eps, axis, out, statistics=True)
    return y, rstd


def rms_norm_backward(
    dy: Array,
    x: Array,
    rstd: Array,
    weight: Array | None = None,
    *,
    axis: int | tuple[int, ...] | None = None,
    need: tuple[bool, bool] = BOTH_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None]:
    """Carry the gradient `dy` of the loss in `y` back to `x` and `weight`.

    Parameters
    ----------
    dy, x : ndarray
        Of one shape and dtype: one that `rms_norm` takes.
    rstd : ndarray
        As `rms_norm_forward` returned it.
    weight : ndarray, optional
        As in the forward pass.
    axis : int or tuple of int, optional
        The reduced axes; without it they are found as `layer_norm_backward` finds them.
    need : (bool, bool)
        Which of the two results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy` or `x` itself.

    Returns
    -------
    dx, dweight : ndarray or None
        `dx` has the shape and dtype of `x`, `dweight` those of `weight`. None where `need` says so; `dweight` also
        where no `weight` was given.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `layer_norm_backward` does, but that `need` has two values.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, dy = np.array([[1.0, 7.0]]), np.array([[1.0, 0.0]])
    >>> y, rstd = simdnorm.rms_norm_forward(x, 2, eps=0.0)
    >>> dx, dweight = simdnorm.rms_norm_backward(dy, x, rstd)
    >>> dx.round(3), dweight
    (array([[ 0.196, -0.028]]), None)
    """
    plain: tuple[Array | None, Array | None] | None = _backend.kernels.express.rms_norm_backward(
        dy, x, rstd, weight, axis, need, out
    )
    if plain is not None:
        return plain
    dx, dweight = _NORM.backward(dy, x, (rstd,), weight, need, out, axis)
    return dx, dweight
