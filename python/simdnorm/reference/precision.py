"""The working precision: the reference computes in more digits than the kernels it judges, and never casts back."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Gradients: TypeAlias = tuple[Array, Array, Array]  # dx, dweight, dbias
WeightGradients: TypeAlias = tuple[Array, Array]  # dx, dweight, of a norm without a bias


def working_dtype(*arrays: ArrayLike | None) -> np.dtype[np.floating[Any]]:
    """Find the precision that the reference computes in: longdouble beside float64 or wider, else float64.

    Parameters
    ----------
    *arrays : array_like or None
        What is computed with; an array that is None does not count.

    Returns
    -------
    dtype
        Of longdouble or of float64.

    Examples
    --------
    >>> import numpy as np
    >>> from simdnorm import reference
    >>> reference.working_dtype(np.zeros(2, np.float32), None)
    dtype('float64')
    """
    dtypes = [np.asarray(array).dtype for array in arrays if array is not None]
    wide = any(dtype.kind == "f" and dtype.itemsize >= 8 for dtype in dtypes)
    return np.dtype(np.longdouble if wide else np.float64)


def working_arrays(*arrays: ArrayLike) -> list[Array]:
    """Return the arrays, all in the working precision of them together."""
    dtype = working_dtype(*arrays)
    return [np.asarray(array, dtype=dtype) for array in arrays]


def epsilon(dtype: DTypeLike) -> float:
    """Return the step from 1 to the next number, which np.finfo knows of NumPy's own types only, not of bfloat16."""
    return float(np.spacing(np.ones((), dtype=dtype)))
