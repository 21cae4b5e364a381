"""bfloat16 as its bits, the upper half of a float32.

`ml_dtypes` is not needed for this: such an array is of uint16 here, and nothing else in the package is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = np.dtype(np.uint16)


def decoded(bits: NDArray[Any]) -> NDArray[np.float32]:
    """Return the numbers, none of which is rounded."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


@np.errstate(all="ignore")
def encoded(a: NDArray[Any]) -> NDArray[np.uint16]:
    """Round once, to nearest even, denormals and infinities included; NaN stays NaN, and is quiet.

    What is added to the 32 bits carries into the upper half exactly where that must grow: a bit less than half its
    unit does so above one half, and the bit that an odd upper half adds lets it do so at one half.
    """
    bits = _rounded_to_odd(a)
    upper = bits >> 16
    nearest = (bits + (upper & 1) + 0x7FFF) >> 16
    return np.where(np.isnan(a), upper | 0x0040, nearest).astype(np.uint16)


def _rounded_to_odd(a: NDArray[Any]) -> NDArray[np.uint32]:
    """Return the bits of float32s: what these cannot hold is cut off, and their last bit set where anything was.

    Rounding to nearest twice goes wrong where the first result lies half way for the second. Here nothing comes to
    lie there that did not before: the last bit says that there was more.
    """
    single = a.astype(np.float32)
    bits = single.view(np.uint32)
    cut = bits - (np.abs(single) > np.abs(a))
    return np.where(single == a, bits, cut | 1)
