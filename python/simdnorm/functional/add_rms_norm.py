"""Root mean square normalization of a sum with the residual, which is returned too: both are read once."""

from .. import _backend
from .._dtypes import Array
from .._scalars import BOTH_NEEDED
from ._row_norms import RowNorm

_NORM = RowNorm("add_rms_norm", centred=False, added=True)


def add_rms_norm(
    x: Array,
    residual: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    eps: float | None = None,
    *,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Add `residual` to `x`, and divide the sum by its root mean square over its trailing axes.

    Parameters
    ----------
    x, residual : ndarray
        Of one shape and dtype: float32, float64, float16 or bfloat16.
    normalized_shape, weight, eps
        As those of `rms_norm`.
    out : ndarray, optional
        Receives `y`; may be `x` or `residual` itself.

    Returns
    -------
    y, summed : ndarray
        ``summed = x + residual``, rounded to the dtype of `x`, and ``y = rms_norm(summed, ...)``.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `rms_norm` does; a ValueError also if `residual` has another shape or dtype than `x`.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> y, summed = simdnorm.add_rms_norm(np.array([[1.0, 3.0]]), np.array([[0.0, 4.0]]), 2, eps=0.0)
    >>> y, summed
    (array([[0.2, 1.4]]), array([[1., 7.]]))
    """
    plain: tuple[Array, Array] | None = _backend.kernels.express.add_rms_norm_forward(
        x, residual, weight, eps, normalized_shape, None, False, out
    )
    if plain is not None:
        return plain
    y, summed = _NORM.forward(x, normalized_shape, weight, None, eps, None, out, residual, statistics=False)
    return y, summed


def add_rms_norm_forward(
    x: Array,
    residual: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    eps: float | None = None,
    *,
    out: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Normalize as `add_rms_norm` does, and keep what `add_rms_norm_backward` needs.

    Parameters
    ----------
    x, residual, normalized_shape, weight, eps, out
        As those of `add_rms_norm`.

    Returns
    -------
    y, summed, rstd : ndarray
        `y` and `summed` are what `add_rms_norm` returns; `rstd` is what `rms_norm_forward` returns for `summed`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `add_rms_norm` does.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.add_rms_norm_forward(np.array([[0.0, 3.0]]), np.array([[1.0, 4.0]]), 2, eps=0.0)
    (array([[0.2, 1.4]]), array([[1., 7.]]), array([[0.2]]))
    """
    plain: tuple[Array, Array, Array] | None = _backend.kernels.express.add_rms_norm_forward(
        x, residual, weight, eps, normalized_shape, None, True, out
    )
    if plain is not None:
        return plain
    y, summed, rstd = _NORM.forward(x, normalized_shape, weight, None, eps, None, out, residual, statistics=True)
    return y, summed, rstd


def add_rms_norm_backward(
    dy: Array,
    summed: Array,
    rstd: Array,
    weight: Array | None = None,
    *,
    dsummed: Array | None = None,
    need: tuple[bool, bool] = BOTH_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None]:
    """Carry the gradients `dy` of the loss in `y`, and `dsummed` in `summed`, back to the inputs and `weight`.

    Parameters
    ----------
    dy, summed : ndarray
        Of one shape and dtype.
    rstd : ndarray
        As `add_rms_norm_forward` returned it.
    weight : ndarray, optional
        As in the forward pass.
    dsummed : ndarray, optional
        Of the shape and dtype of `summed`: what flows into it from its other uses.
    need : (bool, bool)
        Which of the two results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy`, `summed` or `dsummed` itself.

    Returns
    -------
    dx, dweight : ndarray or None
        `dx` is the gradient in `x` and in `residual` alike; `dweight` is as in `rms_norm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `rms_norm_backward` does, for `summed` in place of `x`; a ValueError also if `dsummed` has another shape or
        dtype than `summed`.

    References
    ----------
    Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467 (2019).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, residual = np.array([[0.0, 3.0]]), np.array([[1.0, 4.0]])
    >>> y, summed, rstd = simdnorm.add_rms_norm_forward(x, residual, 2, eps=0.0)
    >>> dy, dsummed = np.array([[1.0, 0.0]]), np.ones((1, 2))
    >>> dx, dweight = simdnorm.add_rms_norm_backward(dy, summed, rstd, dsummed=dsummed)
    >>> dx.round(3), dweight
    (array([[1.196, 0.972]]), None)
    """
    plain: tuple[Array | None, Array | None] | None = _backend.kernels.express.add_rms_norm_backward(
        dy, summed, rstd, weight, dsummed, None, need, out
    )
    if plain is not None:
        return plain
    dx, dweight = _NORM.backward(dy, summed, (rstd,), weight, need, out, dsummed=dsummed)
    return dx, dweight
