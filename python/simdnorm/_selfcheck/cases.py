"""Inputs for one check of an operation: data of a kind and a shape, with the reference's statistics beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import reference
from .._dtypes import Array

Axes = tuple[int, ...]

KINDS = ("random", "far", "wide", "constant")
"""Normal; normal with a mean 10^4 times the spread; magnitudes from 10^-6 to 10^6; one value per row or channel."""


@dataclass(frozen=True)
class Case:
    """Everything that an operation can ask for. The statistics are the reference's, rounded once."""

    x: Array
    dy: Array
    weight: Array
    bias: Array
    mean: Array
    rstd: Array
    running_mean: Array
    running_var: Array
    reduced: Axes  # the axes that the statistics run over
    along: Axes  # the axes that the parameters run along
    eps: float = 1e-5

    @property
    def channel_axis(self) -> int:
        """The one axis of BatchNorm's parameters."""
        return self.along[0]

    @property
    def running_rstd(self) -> Array:
        """What a frozen backward pass takes for rstd."""
        rstd: Array = 1 / np.sqrt(self.running_var + self.running_var.dtype.type(self.eps))
        return rstd


def layer_norm_case(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str = "random", trailing: int = 1) -> Case:
    """Make a case of LayerNorm over the last `trailing` axes."""
    reduced = tuple(range(len(shape) - trailing, len(shape)))
    return case_of(_values(shape, kind, reduced).astype(dtype), reduced, reduced)


def batch_norm_case(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str = "random", channel_axis: int = 1) -> Case:
    """Make a case of BatchNorm; statistics are (channels,)."""
    reduced = tuple(a for a in range(len(shape)) if a != channel_axis)
    return case_of(_values(shape, kind, reduced).astype(dtype), reduced, (channel_axis,))


def case_of(x: Array, reduced: Axes, along: Axes) -> Case:
    """Make a case of given data."""
    rng = np.random.default_rng(x.shape)  # seeded by what is asked for: the same case is the same data everywhere
    dy = rng.standard_normal(x.shape).astype(x.dtype)
    weight, bias = rng.standard_normal((2, *[x.shape[a] for a in along])).astype(x.dtype)
    _, mean, rstd = reference.layer_norm_forward(x, axis=reduced)
    if reduced != along:
        mean, rstd = mean.ravel(), rstd.ravel()
    mean, rstd = mean.astype(x.dtype), rstd.astype(x.dtype)
    running_mean = mean + rng.standard_normal(mean.shape).astype(x.dtype)
    running_var = rng.uniform(0.5, 2, rstd.shape).astype(x.dtype)
    return Case(x, dy, weight, bias, mean, rstd, running_mean, running_var, reduced, along)


def _values(shape: tuple[int, ...], kind: str, reduced: Axes) -> Array:
    rng = np.random.default_rng([*shape, KINDS.index(kind)])
    normal = rng.standard_normal(shape)
    if kind == "far":
        return normal + 1e4
    if kind == "wide":
        return normal * 10.0 ** rng.uniform(-6, 6, shape)
    if kind == "constant":
        return np.broadcast_to(rng.standard_normal([1 if a in reduced else n for a, n in enumerate(shape)]), shape)
    return normal
