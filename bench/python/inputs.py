"""What the accuracy of everybody is measured on: kind data first, then what sums, means and squares have failed on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import Array

ROWS, IMAGES = (64, 1000), (4, 64, 20, 25)
Make = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Input:
    name: str
    make: Make
    rows: tuple[int, ...] = ROWS
    images: tuple[int, ...] = IMAGES
    dtype: str = "float32"

    def x(self, shape: tuple[int, ...]) -> Array:
        """The same numbers in every run."""
        made: Array = self.make(np.random.default_rng(0), shape).astype(np.dtype(self.dtype))
        return made


def _normal(mean: float = 0, scale: float = 1) -> Make:
    return lambda rng, shape: scale * (mean + rng.standard_normal(shape))


def _all_but_one(value: float, other: float) -> Make:
    def make(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        made: Array = np.full(shape, value)
        made[..., 0] = other
        return made

    return make


def _long(**of: Any) -> Input:
    return Input("long: rows of 10^7, 3*10^5 to a channel", _normal(1), (1, 10**7), (16, 32, 140, 140), **of)


INPUTS = (
    Input("mean 0", _normal()),
    Input("mean = spread", _normal(1)),
    Input("mean = 100 spreads", _normal(100)),
    Input("mean = 10^4 spreads", _normal(1e4)),
    Input("mean = 10^6 spreads", _normal(1e6)),
    Input("mean = 10^8 spreads: of neighbouring floats", _normal(1e8)),
    Input("all 0.1 but one", _all_but_one(0.1, 0.3)),
    _long(),
    Input("times 10^30", _normal(1, 1e30)),
    Input("all 0.1", lambda rng, shape: np.full(shape, 0.1)),
    Input("float16, 4096 x 768", _normal(1), (4096, 768), (16, 64, 56, 56), "float16"),
    Input("bfloat16, 4096 x 768", _normal(1), (4096, 768), (16, 64, 56, 56), "bfloat16"),
)
