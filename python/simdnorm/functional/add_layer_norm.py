"""Layer normalization of a sum with the residual, which is returned too: x and residual are read once."""

from .. import _backend
from .._dtypes import Array
from .._scalars import ALL_NEEDED
from ._row_norms import RowNorm

_NORM = RowNorm("add_layer_norm", centred=True, added=True)


def add_layer_norm(
    x: Array,
    residual: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Add `residual` to `x`, and normalize the sum over its trailing axes.

    Parameters
    ----------
    x, residual : ndarray
        Of one shape and dtype: float32, float64, float16 or bfloat16.
    normalized_shape, weight, bias, eps
        As those of `layer_norm`.
    out : ndarray, optional
        Receives `y`; may be `x` or `residual` itself.

    Returns
    -------
    y, summed : ndarray
        ``summed = x + residual``, rounded to the dtype of `x`, and ``y = layer_norm(summed, ...)``.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `layer_norm` does; a ValueError also if `residual` has another shape or dtype than `x`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> y, summed = simdnorm.add_layer_norm(np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]]), 2, eps=0.0)
    >>> y, summed
    (array([[-1.,  1.]]), array([[1., 4.]]))
    """
    plain: tuple[Array, Array] | None = _backend.kernels.express.add_layer_norm_forward(
        x, residual, weight, bias, eps, normalized_shape, None, False, out
    )
    if plain is not None:
        return plain
    y, summed = _NORM.forward(x, normalized_shape, weight, bias, eps, None, out, residual, statistics=False)
    return y, summed


def add_layer_norm_forward(
    x: Array,
    residual: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    *,
    out: Array | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Normalize as `add_layer_norm` does, and keep what `add_layer_norm_backward` needs.

    Parameters
    ----------
    x, residual, normalized_shape, weight, bias, eps, out
        As those of `add_layer_norm`.

    Returns
    -------
    y, summed, mean, rstd : ndarray
        `y` and `summed` are what `add_layer_norm` returns; `mean` and `rstd` are what `layer_norm_forward` returns for
        `summed`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `add_layer_norm` does.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> simdnorm.add_layer_norm_forward(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]]), 2, eps=0.0)
    (array([[-1.,  1.]]), array([[2., 4.]]), array([[3.]]), array([[1.]]))
    """
    plain: tuple[Array, Array, Array, Array] | None = _backend.kernels.express.add_layer_norm_forward(
        x, residual, weight, bias, eps, normalized_shape, None, True, out
    )
    if plain is not None:
        return plain
    y, summed, mean, rstd = _NORM.forward(x, normalized_shape, weight, bias, eps, None, out, residual, statistics=True)
    return y, summed, mean, rstd


def add_layer_norm_backward(
    dy: Array,
    summed: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None = None,
    *,
    dsummed: Array | None = None,
    need: tuple[bool, bool, bool] = ALL_NEEDED,
    out: Array | None = None,
) -> tuple[Array | None, Array | None, Array | None]:
    """Carry the gradients `dy` of the loss in `y`, and `dsummed` in `summed`, back to the inputs and parameters.

    Parameters
    ----------
    dy, summed : ndarray
        Of one shape and dtype.
    mean, rstd : ndarray
        As `add_layer_norm_forward` returned them.
    weight : ndarray, optional
        As in the forward pass.
    dsummed : ndarray, optional
        Of the shape and dtype of `summed`: what flows into it from its other uses.
    need : (bool, bool, bool)
        Which of the three results are wanted.
    out : ndarray, optional
        Receives `dx`; may be `dy`, `summed` or `dsummed` itself.

    Returns
    -------
    dx, dweight, dbias : ndarray or None
        `dx` is the gradient in `x` and in `residual` alike; the others are as in `layer_norm_backward`.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `layer_norm_backward` does, for `summed` in place of `x`; a ValueError also if `dsummed` has another shape or
        dtype than `summed`.

    References
    ----------
    Ba, Kiros & Hinton, Layer Normalization, arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np, simdnorm
    >>> x, residual = np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]])
    >>> y, summed, mean, rstd = simdnorm.add_layer_norm_forward(x, residual, 2, eps=0.0)
    >>> dy, dsummed = np.array([[1.0, 0.0]]), np.ones((1, 2))
    >>> simdnorm.add_layer_norm_backward(dy, summed, mean, rstd, dsummed=dsummed)
    (array([[1., 1.]]), None, array([1., 0.]))
    """
    plain: tuple[Array | None, Array | None, Array | None] | None = _backend.kernels.express.add_layer_norm_backward(
        dy, summed, mean, rstd, weight, dsummed, None, need, out
    )
    if plain is not None:
        return plain
    dx, dweight, dbias = _NORM.backward(dy, summed, (mean, rstd), weight, need, out, dsummed=dsummed)
    return dx, dweight, dbias
