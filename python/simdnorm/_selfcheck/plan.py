"""Which cases a norm is checked on: every layout with every kind of data, and all else taken in turns beside them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from .cases import GIVEN, Case
from .geometry import Shape
from .masks import MASKS
from .norms import Norm

Layout = tuple[Shape, dict[str, Any]]  # the options of `case_of` that say how x lies

NHWC = {"order": (0, 2, 3, 1)}  # in memory, behind an NCHW view

# Lengths around whole vectors (16 and 8 lanes), one value, a long row, and enough work for several threads; then other
# axes than the last, apart from each other, and in other orders of memory.
ROWS: tuple[Layout, ...] = (
    ((5, 1), {}),
    ((7, 15), {}),
    ((4, 16), {}),
    ((3, 33), {}),
    ((9, 130), {}),
    ((2, 5000), {}),
    ((96, 768), {}),
    ((3, 4, 35), {"axis": (1, 2)}),
    ((3, 33, 20), {"axis": 1}),
    ((4, 5, 6, 7), {"axis": (1, 3)}),
    ((3, 17, 4, 5), {"axis": 1, **NHWC}),
)
# The same of channels, of many short segments in each (1, 2, 3 and 16 values), and of channels that come last.
CHANNELS: tuple[Layout, ...] = (
    ((2, 1), {}),
    ((5, 3), {}),
    ((7, 33), {}),
    ((127, 20), {}),
    ((2000, 5), {}),
    ((3, 6, 7), {}),
    ((1024, 3, 2), {}),
    ((1024, 3, 3), {}),
    ((150, 4, 16), {}),
    ((2, 18, 4, 4), {}),
    ((4, 22, 28, 28), {}),
    ((3, 40, 16), {"axis": -1}),
    ((2, 4, 5, 33), {"axis": -1}),
    ((2, 18, 4, 5), NHWC),
)


def dtypes() -> tuple[np.dtype[Any], ...]:
    """Return the types of x: without ml_dtypes nobody has a bfloat16 array."""
    types: list[Any] = [np.float32, np.float64, np.float16]
    with suppress(ModuleNotFoundError):
        types.append(import_module("ml_dtypes").bfloat16)
    return tuple(map(np.dtype, types))


def layouts_of(norm: Norm, rows: Iterable[Layout], channels: Iterable[Layout]) -> list[Layout]:
    """Return those of the layouts that the norm can have."""
    return [
        (shape, options)
        for shape, options in (channels if norm.has_channels else rows)
        if norm.fits(shape, options.get("axis"))
    ]


def cases(
    norm: Norm, dtype: np.dtype[Any], layouts: Iterable[Layout], kinds: Iterable[str], first: int = 0
) -> Iterator[Case]:
    """Make a case of each layout and kind; parameters, masks and even gradients take turns, so that most pairs meet.

    `first` is the turn that they start with.
    """
    parameters = (dtype, np.dtype(np.float32)) if dtype.itemsize == 2 else (dtype,)
    masks = (None, *MASKS) if norm.has_channels else (None,)
    for i, (shape, layout) in enumerate(layouts, first):
        for j, kind in enumerate(kinds):
            turn = i + j
            case = norm.case(
                shape,
                dtype,
                kind,
                **layout,
                given=GIVEN[turn % 4],
                parameters=parameters[(i + turn // 4) % len(parameters)],
                mask=masks[turn % len(masks)],
            )
            yield case if (i + turn // 2) % 2 else case.with_even_dy()
