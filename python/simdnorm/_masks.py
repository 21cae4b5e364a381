"""Masks: which positions count. They broadcast to x, and reach the kernels no larger than they vary."""

from itertools import pairwise
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._dtypes import Array, plain_array
from ._layouts import Order, Shape, ordered

Mask: TypeAlias = NDArray[np.bool_]


def checked_mask(mask: object, x: Array) -> Mask | None:
    """Return `mask` with the dimensions of x, each of x's size or 1; None where every position counts."""
    if mask is None:
        return None
    plain = plain_array("mask", mask)
    if plain.dtype != np.bool_:
        raise TypeError(f"mask has dtype {plain.dtype}, expected bool")
    missing = x.ndim - plain.ndim
    if missing < 0 or any([m not in (1, n) for m, n in zip(plain.shape, x.shape[missing:], strict=True)]):
        raise ValueError(f"mask has shape {plain.shape}, expected one that broadcasts to {x.shape}, the shape of x")
    if 0 in plain.strides:  # an axis that is broadcast already is one value to us
        plain = plain[(*[slice(1) if stride == 0 else slice(None) for stride in plain.strides], ...)]
    whole: Mask = plain.reshape((1,) * missing + plain.shape)
    return None if whole.all() or x.size == 0 else whole


def alike_along(mask: Mask, axis: int) -> Mask:
    """Reduce `axis` to size 1 where the mask does not differ along it."""
    every: Mask = np.all(mask, axis, keepdims=True)
    some: Mask = np.any(mask, axis, keepdims=True)
    return every if np.array_equal(every, some) else mask


def merged(mask: Mask, x: Array, order: Order, channel: int) -> Mask:
    """Bring a mask to the kernels: (samples, outer, channels, inner), each 1 where it does not vary.

    `channel` is the position of the channels in `order`; where that is 0 there are neither samples nor outer.
    """
    mask, shape = ordered(mask, order), ordered(x, order).shape
    spread: list[int] = []
    merged_sizes: list[int] = []
    for start, stop in pairwise((0, min(1, channel), channel, channel + 1, x.ndim)):
        whole = shape[start:stop]
        sizes = whole if any([n != 1 for n in mask.shape[start:stop]]) else (1,) * len(whole)
        spread += sizes
        merged_sizes.append(prod(sizes))
    if mask.shape != tuple(spread):
        mask = np.broadcast_to(mask, spread)
    return np.ascontiguousarray(mask).reshape(merged_sizes)


def counts(mask: Mask | None, layout: Shape, axes: tuple[int, ...]) -> NDArray[np.int64] | int:
    """Count the values of each channel or instance, over `axes` of the layout; a number where all have as many."""
    if mask is None:
        return prod([layout[a] for a in axes])
    repeated = prod([layout[a] // mask.shape[a] for a in axes])
    counted: NDArray[np.int64] = mask.sum(axis=axes, dtype=np.int64) * repeated
    return counted
