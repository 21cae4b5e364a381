"""Inputs for one check of an operation: data of a kind and a shape, with the reference's statistics beside it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import reference
from .._dtypes import Array
from .data import values

Axes = tuple[int, ...]


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

    def with_even_dy(self) -> "Case":
        """Take the gradient of the average: 1 / n everywhere, whose sums with xhat cancel to the last digit."""
        return replace(self, dy=np.full_like(self.dy, 1 / max(self.dy.size, 1)))

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
    return case_of(values(shape, kind, reduced, dtype), reduced, reduced)


def batch_norm_case(shape: tuple[int, ...], dtype: np.dtype[Any], kind: str = "random", channel_axis: int = 1) -> Case:
    """Make a case of BatchNorm; statistics are (channels,)."""
    reduced = tuple(a for a in range(len(shape)) if a != channel_axis)
    return case_of(values(shape, kind, reduced, dtype), reduced, (channel_axis,))


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
