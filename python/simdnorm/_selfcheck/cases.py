"""Inputs for one check of a norm: everything that its functions can ask for, by the names that they ask with."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._dtypes import Array
from .formats import statistics_dtype
from .geometry import Axes, Axis, Geometry, See
from .masks import mask_of

GIVEN = ("both", "weight", "bias", "none")
"""Which of the two parameters there are."""

_NO_WORDS = ("geometry", "exact", "label", "memo")


@dataclass(frozen=True)
class Case:
    """Everything that a norm can be called with; `mean` and `rstd` are the `exact` ones, rounded once."""

    geometry: Geometry
    x: Array
    dy: Array
    weight: Array | None
    bias: Array | None
    running_mean: Array
    running_var: Array
    mask: NDArray[np.bool_] | None = None
    residual: Array | None = None
    dsummed: Array | None = None
    mean: Array | None = None
    rstd: Array | None = None
    eps: float = 1e-5
    momentum: float = 0.1
    exact: dict[str, Array] = field(default_factory=dict)  # xhat and statistics in the working precision
    label: str = ""  # how it was made
    memo: dict[Any, Any] = field(default_factory=dict, init=False)  # what was computed of it, and will be asked again

    def __str__(self) -> str:
        """What a message says of the case."""
        return self.label

    @cached_property
    def summed(self) -> Array:
        """What is normalized: x, or the sum of x and residual, rounded once."""
        with np.errstate(over="ignore"):
            return self.x if self.residual is None else self.x + self.residual

    @property
    def statistics_dtype(self) -> np.dtype[Any]:
        """The type of mean and rstd, in which the norm is computed."""
        return statistics_dtype(self.x.dtype)

    @property
    def count(self) -> NDArray[np.int64]:
        """How many values each channel has."""
        counted = np.broadcast_to(True if self.mask is None else self.mask, self.x.shape).reshape(self.geometry.seen)
        count: NDArray[np.int64] = np.sum(counted, axis=self.geometry.rows, dtype=np.int64).reshape(-1)
        return count

    @property
    def running_rstd(self) -> Array:
        """What a frozen backward pass takes for rstd."""
        rstd: Array = 1 / np.sqrt(self.running_var.astype(self.statistics_dtype) + self.statistics_dtype.type(self.eps))
        return rstd

    def with_even_dy(self) -> "Case":
        """Take the gradient of the average: 1 / n everywhere, whose sums with xhat cancel to the last digit."""
        return replace(self, dy=np.full_like(self.dy, 1 / max(self.dy.size, 1)))

    def words(self) -> dict[str, Any]:
        """All of it under the names that functions ask for."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _NO_WORDS}
        return {**named, "summed": self.summed, **self.geometry.words}


def case_of(
    see: See,
    x: Array,
    *,
    axis: Axis = None,
    order: Axes | None = None,
    given: str = "both",
    parameters: np.dtype[Any] | None = None,
    mask: str | NDArray[np.bool_] | None = None,
    residual: bool = False,
    eps: float = 1e-5,
) -> Case:
    """Make a case of given data, still without statistics.

    `order` is the one in which the axes of full-sized arrays lie in memory, `parameters` the dtype of weight and bias.
    Where a `mask` leaves something out there is NaN, which nobody may look at.
    """
    geometry, dtype, parameters = see(x.shape, axis), x.dtype, parameters or x.dtype
    # Seeded by what is asked for: the same case is the same data everywhere. The 1 keeps it apart from x's own seed,
    # to which a zero at the end would make no difference.
    rng = np.random.default_rng([1, *x.shape])

    def random(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        return rng.standard_normal(shape).astype(dtype)

    dy, dsummed = random(x.shape, dtype), random(x.shape, dtype)
    weight, bias = random(geometry.parameters, parameters), random(geometry.parameters, parameters)
    # Near the data, so that running statistics are not what decides.
    near = _mean(x, geometry)
    running_mean = (near + rng.standard_normal(near.shape)).astype(parameters)
    running_var = rng.uniform(0.5, 2, near.shape).astype(parameters)

    part = (x * x.dtype.type(0.3)) if residual else None
    if part is not None:
        x = x - part
    if isinstance(mask, str):
        mask = mask_of(mask, x.shape, geometry.words["channel_axis"] % x.ndim)
    if mask is not None:
        x, dy = (np.where(mask, a, a.dtype.type(np.nan)) for a in (x, dy))

    def lying(a: Array) -> Array:
        return a if order is None else np.ascontiguousarray(a.transpose(order)).transpose(np.argsort(order))

    return Case(
        geometry,
        x=lying(x),
        dy=lying(dy),
        weight=weight if given in ("both", "weight") else None,
        bias=bias if given in ("both", "bias") else None,
        running_mean=running_mean,
        running_var=running_var,
        mask=mask,
        residual=None if part is None else lying(part),
        dsummed=lying(dsummed) if residual else None,
        eps=eps,
    )


@np.errstate(over="ignore", invalid="ignore")  # of the largest numbers: infinite or NaN
def _mean(x: Array, geometry: Geometry) -> NDArray[np.float64]:
    """The mean of what each parameter belongs to."""
    seen = x.reshape(geometry.seen).astype(np.float64)
    channels = max(1, prod(geometry.parameters))
    mean: NDArray[np.float64] = seen.sum(axis=geometry.rows) / max(1, seen.size // channels)
    return mean.reshape(geometry.parameters)
