"""Data of many kinds: the easy one, and those on which sums, means or their rounding have gone wrong somewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._dtypes import Array
from .formats import format_of, unit_roundoff

Axes = tuple[int, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Raw:
    """What data is made of, in more digits than it will have."""

    rng: np.random.Generator
    normal: NDArray[np.longdouble]
    position: NDArray[np.int_]  # along the axes that are reduced, from 0
    reduced: Axes
    dtype: np.dtype[Any]


def values(shape: Shape, kind: str, reduced: Axes, dtype: np.dtype[Any]) -> Array:
    """Make data of a kind, whose statistics run over the axes `reduced`; the same in every run."""
    rng = np.random.default_rng([2, *shape, KINDS.index(kind)])
    normal = rng.standard_normal(shape).astype(np.longdouble)
    position = np.arange(np.prod([shape[a] for a in reduced], dtype=int))
    position = position.reshape([n if a in reduced else 1 for a, n in enumerate(shape)])
    made = _MAKERS[kind](_Raw(rng, normal, position, reduced, dtype))
    largest = format_of(dtype).largest / 8  # float16 ends at 65504
    return np.broadcast_to(np.clip(made, -largest, largest), shape).astype(dtype)


def _half_ulp(raw: _Raw) -> NDArray[np.longdouble]:
    near = np.longdouble(16)
    centred = raw.normal - raw.normal.sum(axis=raw.reduced, keepdims=True) / max(raw.position.size, 1)
    data: NDArray[np.longdouble] = centred + near + 0.475 * (2 * unit_roundoff(raw.dtype) * near)
    return data


# The first ones are for large data as well.
_MAKERS: dict[str, Callable[[_Raw], NDArray[np.longdouble]]] = {
    "random": lambda raw: raw.normal,
    # Every piece has another mean, and the first says nothing about the last.
    "trend": lambda raw: raw.normal + raw.position,
    # The first value is like no other, whoever takes it for a guess of the mean.
    "outlier": lambda raw: np.where(raw.position == 0, np.longdouble(1e8) / 3, raw.normal),
    # The mean is 10^4 times the spread.
    "far": lambda raw: raw.normal + 10_000,
    # Magnitudes from 10^-6 to 10^6.
    "wide": lambda raw: raw.normal * 10 ** raw.rng.uniform(-6, 6, raw.normal.shape),
    # One value in each row or channel.
    "constant": lambda raw: raw.normal.sum(axis=raw.reduced, keepdims=True),
    # The mean lies almost half a unit in the last place from the number that it is rounded to.
    "half-ulp": _half_ulp,
    # Pieces as long as a vector or two are constant, and differ from those around them.
    "blocks": lambda raw: np.where(raw.position % 128 < 16, np.longdouble(1), np.longdouble(-0.1)),
    # All squares are equal, and so are the errors that they round with.
    "two-valued": lambda raw: np.copysign(np.longdouble(0.1), raw.normal),
}

KINDS = tuple(_MAKERS)

# 16 bits hold too little of the others to differ from these, and are computed in float32 anyway.
KINDS_IN_16_BITS = ("random", "outlier", "far", "wide", "constant")


def kinds_of(dtype: np.dtype[Any]) -> tuple[str, ...]:
    """Return the kinds of data that are worth a check in that type."""
    return KINDS_IN_16_BITS if dtype.itemsize == 2 else KINDS
