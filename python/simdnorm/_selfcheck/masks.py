"""Masks of the common kinds, which leave every channel and every instance two values or more."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]

MASKS = ("lengths", "scattered")


def mask_of(kind: str, shape: Shape, channel_axis: int) -> NDArray[np.bool_]:
    """Make a mask for x of `shape`: sequences of their own lengths, or any positions at all."""
    rng: Any = np.random.default_rng([3, *shape, MASKS.index(kind)])
    sample, *spatial = (a for a in range(len(shape)) if a != channel_axis)
    # (N, C) is a batch of single values: there a "sequence" is the batch.
    along = spatial[0] if spatial else sample
    position = _along(np.arange(shape[along]), along, len(shape))
    if kind == "lengths":
        lengths = rng.integers(min(2, shape[along]), shape[along] + 1, size=shape[sample] if spatial else 1)
        return position < (_along(lengths, sample, len(shape)) if spatial else lengths)
    mask: NDArray[np.bool_] = rng.random(shape) < 0.7
    return mask | (position < 2)


def _along(values: NDArray[Any], axis: int, ndim: int) -> NDArray[Any]:
    return values.reshape([-1 if a == axis else 1 for a in range(ndim)])
