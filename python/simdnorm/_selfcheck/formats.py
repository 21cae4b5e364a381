"""What a floating-point type can hold: NumPy knows its own types, and nothing of bfloat16."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Format:
    """The numbers of a type: u is half the distance from 1 to the next, `tiny` the smallest denormal."""

    u: float
    tiny: float
    largest: np.longdouble

    @property
    def normal(self) -> float:
        """The smallest normal number: below it a rounding moves a value by half of `tiny`, not by u times its size."""
        return self.tiny / (2 * self.u)


@cache
def format_of(dtype: np.dtype[Any]) -> Format:
    """Return the format of a floating-point type."""
    if dtype.name == "bfloat16":  # float32 without its last 16 bits
        return Format(2.0**-8, 2.0**-133, np.longdouble((2 - 2**-7) * 2.0**127))
    info = np.finfo(dtype)
    return Format(float(info.eps) / 2, float(info.smallest_subnormal), np.longdouble(info.max))


def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """Return half the distance from 1 to the next number."""
    return format_of(dtype).u


def statistics_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of the statistics of x, in which its norm is computed: 16 bits never are."""
    return np.dtype(np.float64 if dtype.itemsize == 8 else np.float32)
