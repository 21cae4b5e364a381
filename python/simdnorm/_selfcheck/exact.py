"""A case in the working precision, as its norm sees it, and the bound of every result by the result's name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import reference
from .._dtypes import Array
from .bounds import bound_dweight, bound_mean, bound_sum, bound_y, mean_units
from .cases import Case
from .formats import format_of

Statistics = dict[str, Array]
"""mean, which RMSNorm has not, and rstd."""


class Exact:
    """The terms that bounds are made of; all of them broadcast against x as seen.

    Where `xhat` is given, the statistics are the case's own; where it is not, they are exact, whatever they are.
    """

    @np.errstate(invalid="ignore")  # 0 * infinity is NaN, as it should be: no spread, and eps = 0
    def __init__(self, case: Case, statistics: Statistics, xhat: Array | None, constant: bool) -> None:
        self._dtype = reference.working_dtype(case.x)
        self._case, self._geometry = case, case.geometry
        self._own, self._constant, self._centred = xhat is not None, constant, "mean" in statistics
        computed_in = format_of(case.statistics_dtype)
        self.u, self._normal = computed_in.u, computed_in.normal
        self._mask: Any = True
        if case.mask is not None:
            self._mask = np.broadcast_to(case.mask, case.x.shape).reshape(self._geometry.seen)
        self._dy = self._full(case.dy)
        self._weight: Any = 1
        if case.weight is not None:
            self._weight = case.weight.astype(self._dtype).reshape(self._geometry.along_shape)
        self._rstd = self._statistic(statistics["rstd"])
        self._mean = self._statistic(statistics["mean"]) if self._centred else np.zeros_like(self._rstd)
        centred = np.where(self._mask, self._full(case.summed) - self._mean, 0)
        self._count = np.maximum(1, self._total(np.broadcast_to(self._mask, centred.shape)))
        self._spread = np.sqrt(self._total(centred * centred) / self._count)
        self._xhat = centred * self._rstd if xhat is None else xhat.reshape(self._geometry.seen)

    def bound(self, name: str, value: Array, u_stored: float) -> Array:
        """Bound the result called `name`, of which `value` is expected."""
        seen = value.reshape(self._geometry.seen) if name in ("y", "dx") else value
        bound: Array
        match name:
            case "y":
                least = 1 if self._centred else self._normal
                bound = np.where(self._mask, bound_y(seen, self._xhat, self._weight, self.u, least), 0)
            case "dx":
                bound = np.where(self._mask, bound_sum(seen, self._dx_terms(), self.u), 0)
            case "dweight" | "sum_dy_xhat":
                # Statistics that are given are exact: then the mean adds no error of its own.
                own = self._own and self._centred
                scale = self._along(np.abs(self._dy) * mean_units(self._mean, self._rstd)) if own else 0
                terms = np.abs(self._dy) * np.maximum(np.abs(self._xhat), self._normal)
                bound = bound_dweight(value, self._along(terms), scale, self.u)
            case "dbias" | "sum_dy":
                bound = bound_sum(value, self._along(np.abs(self._dy)), self.u)
            case "mean":
                bound = bound_mean(value, self._geometry.gathered(self._spread), self.u, u_stored)
            case "rstd":
                bound = 4 * self.u * value
            case "running_mean":
                # A weighted sum of the old one and of means, each of which has its own error.
                means = self._along(np.abs(self._mean) + self._spread) / (self._mean.size // max(1, value.size) or 1)
                bound = bound_sum(value, np.abs(self._case.running_mean.astype(self._dtype)) + means, self.u)
            case "running_var" | "m2":
                bound = bound_sum(value, np.abs(value), self.u)
            case _:  # summed and count, which are exact
                bound = np.zeros(value.shape)
        return bound.reshape(value.shape)

    def _dx_terms(self) -> Array:
        """Add up the absolute terms of dx = rstd * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)) + dsummed."""
        dxhat: Array = np.abs(self._dy * self._weight)
        terms = dxhat
        if not self._constant:
            xhat = np.abs(self._xhat)
            # A saved rstd is rounded, and this term has it three times, where the others have it once: 6 u and not 4.
            terms = terms + (1.5 if self._own else 1) * xhat * self._total(dxhat * xhat) / self._count
            if self._centred:
                terms = terms + self._total(dxhat) / self._count
        terms = self._rstd * terms
        if self._case.dsummed is not None:
            terms = terms + np.abs(self._full(self._case.dsummed))
        return terms

    def _full(self, a: Array) -> Array:
        full: Array = np.where(self._mask, a.astype(self._dtype).reshape(self._geometry.seen), 0)
        return full

    def _statistic(self, statistic: Array) -> Array:
        geometry = self._geometry
        # Running statistics belong to channels, whatever else the norm's do.
        per_channel = statistic.shape == geometry.parameters and statistic.shape != geometry.statistics
        spread = statistic.reshape(geometry.along_shape) if per_channel else geometry.spread(statistic)
        return spread.astype(self._dtype)

    def _total(self, terms: NDArray[Any]) -> Array:
        total: Array = terms.sum(axis=self._geometry.reduced, keepdims=True)
        return total

    def _along(self, terms: Array) -> Array:
        total: Array = terms.sum(axis=self._geometry.rows)
        return total.reshape(self._geometry.parameters)
