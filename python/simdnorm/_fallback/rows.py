"""The norms of rows. They see memory as (outer, segments, middle, length, inner), and reduce segments and length."""

from typing import TypeAlias

import numpy as np

from .. import reference
from .arrays import Array, numbers, rounded, write

RowLayout: TypeAlias = tuple[int, int, int, int, int]

REDUCED = (1, 3)


def layer_norm_forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    y: Array,
    mean: Array | None,
    rstd: Array | None,
    layout: RowLayout,
) -> None:
    x, weight, bias = numbers(x, layout), numbers(weight), numbers(bias)
    write((y, mean, rstd), reference.layer_norm_forward(x, weight, bias, eps, axis=REDUCED))


def layer_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    layout: RowLayout,
) -> None:
    add_layer_norm_backward(dy, x, mean, rstd, weight, None, dx, dweight, dbias, layout)


def rms_norm_forward(
    x: Array,
    weight: Array | None,
    eps: float,
    y: Array,
    rstd: Array | None,
    layout: RowLayout,
) -> None:
    write((y, rstd), reference.rms_norm_forward(numbers(x, layout), numbers(weight), eps, axis=REDUCED))


def rms_norm_backward(
    dy: Array,
    x: Array,
    rstd: Array,
    weight: Array | None,
    dx: Array | None,
    dweight: Array | None,
    layout: RowLayout,
) -> None:
    add_rms_norm_backward(dy, x, rstd, weight, None, dx, dweight, layout)


def add_layer_norm_forward(
    x: Array,
    residual: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    y: Array,
    summed: Array,
    mean: Array | None,
    rstd: Array | None,
    layout: RowLayout,
) -> None:
    _add(x, residual, summed)
    layer_norm_forward(summed, weight, bias, eps, y, mean, rstd, layout)


def add_layer_norm_backward(
    dy: Array,
    summed: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    dsummed: Array | None,
    dx: Array | None,
    dweight: Array | None,
    dbias: Array | None,
    layout: RowLayout,
) -> None:
    dy, summed, dsummed = numbers(dy, layout), numbers(summed, layout), numbers(dsummed, layout)
    mean, rstd, weight = numbers(mean, _kept(layout)), numbers(rstd, _kept(layout)), numbers(weight)
    results = reference.add_layer_norm_backward(dy, summed, mean, rstd, weight, dsummed=dsummed, axis=REDUCED)
    write((dx, dweight, dbias), results)


def add_rms_norm_forward(
    x: Array,
    residual: Array,
    weight: Array | None,
    eps: float,
    y: Array,
    summed: Array,
    rstd: Array | None,
    layout: RowLayout,
) -> None:
    _add(x, residual, summed)
    rms_norm_forward(summed, weight, eps, y, rstd, layout)


def add_rms_norm_backward(
    dy: Array,
    summed: Array,
    rstd: Array,
    weight: Array | None,
    dsummed: Array | None,
    dx: Array | None,
    dweight: Array | None,
    layout: RowLayout,
) -> None:
    dy, summed, dsummed = numbers(dy, layout), numbers(summed, layout), numbers(dsummed, layout)
    rstd, weight = numbers(rstd, _kept(layout)), numbers(weight)
    results = reference.add_rms_norm_backward(dy, summed, rstd, weight, dsummed=dsummed, axis=REDUCED)
    write((dx, dweight), results)


@np.errstate(all="ignore")
def _add(x: Array, residual: Array, summed: Array) -> None:
    """Add as the reference does, and round to the elements of the backends, among which are those of bfloat16."""
    summed[...] = rounded(numbers(x) + numbers(residual), summed)


def _kept(layout: RowLayout) -> RowLayout:
    outer, _, middle, _, inner = layout
    return outer, 1, middle, 1, inner
