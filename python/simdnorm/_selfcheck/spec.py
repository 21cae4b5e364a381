"""One operation: how to call it, and what to expect of it. Arguments and results are known by their names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import reference
from .._dtypes import FLOAT64, Array
from .bounds import bound_stored, worst
from .cases import Case
from .exact import Exact
from .formats import unit_roundoff
from .norms import Norm, called_by_name, parameters_of, reference_words

Results = dict[str, Any]
Names = tuple[str, ...]
Function = Callable[..., Any]

SUMS = ("sum_dy", "sum_dy_xhat")


class Expected(NamedTuple):
    """One result: what it should be, how far it may lie from that, and the type that it comes in."""

    value: NDArray[Any]
    bound: Array
    dtype: np.dtype[Any]


def worst_of(expected: Expected | None, value: NDArray[Any] | None) -> tuple[float, float]:
    """Return the largest error of a result in units of its bound, and in units of the last place."""
    if expected is None or value is None:
        return (0.0, 0.0) if expected is None and value is None else (np.inf, np.inf)
    if value.dtype != expected.dtype:
        return np.inf, np.inf
    return worst(value, expected.value, expected.bound)


@dataclass(frozen=True)
class Spec:
    """One operation: what it is called with, and to be compared with."""

    name: str
    norm: Norm
    function: Function
    results: Names
    references: tuple[tuple[Function, Names], ...]
    fixed: dict[str, Any] = field(default_factory=dict)  # arguments that make the operation what it is
    statistics: str = "own"  # of the data; or "given": mean and rstd as they come; or "running": others of the case
    in_parts: bool = False  # statistics and sums are then float64

    @property
    def out(self) -> str | None:
        """The result that out= receives."""
        return next((name for name in ("y", "dx") if name in self.results), None)

    def case(self, shape: tuple[int, ...], dtype: np.dtype[Any], kind: str = "random", **options: Any) -> Case:
        """Make a case of a kind of data; `options` are those of `case_of`."""
        return self.norm.case(shape, dtype, kind, **options)

    def takes(self, name: str) -> bool:
        """Say whether the operation has an argument of that name."""
        return name in parameters_of(self.function) and name not in self.fixed

    def arguments(self, case: Case) -> dict[str, Any]:
        """What the operation is called with."""
        words = {**case.words(), **self._statistics_given(case), **self._of_the_whole(case), **self.fixed}
        return {name: words[name] for name in parameters_of(self.function) if name in words}

    def call(self, case: Case, **options: Any) -> Results:
        """Run the operation on a case; `options` go to it, or replace its arguments."""
        return self.called_with({**self.arguments(case), **options})

    def called_with(self, arguments: dict[str, Any]) -> Results:
        """Run the operation on arguments that were made before."""
        values = self.function(**arguments)
        return dict(zip(self.results, values if isinstance(values, tuple) else (values,), strict=True))

    def expected(self, case: Case) -> dict[str, Expected | None]:
        """Return what the reference gives, and the bounds; None for the gradient of a weight that is not there."""
        statistics = case.exact if self.statistics == "own" else self._statistics_given(case)
        values: dict[str, Any] = {}
        for function, names in self.references:
            values |= zip(names, self._from_reference(function, case, statistics), strict=True)
        exact = self._exact(case, statistics)
        return {name: self._expected(name, values[name], case, exact) for name in self.results}

    def _from_reference(self, function: Function, case: Case, statistics: dict[str, Array]) -> tuple[Any, ...]:
        # Operations of one norm ask the same: inference, training, and training that moves running statistics.
        key = function, self.statistics
        if key not in case.memo:
            words = {**reference_words(case), **statistics, **self._of_the_whole(case), **self.fixed}
            if not self.takes("mask"):  # batch_norm_apply carries NaN along; what it means is the caller's to know
                words["mask"] = None
            case.memo[key] = called_by_name(function, words)
        results: tuple[Any, ...] = case.memo[key]
        return results

    def _exact(self, case: Case, statistics: dict[str, Array]) -> Exact:
        constant = self.fixed.get("training") is False
        key = Exact, self.statistics, constant
        if key not in case.memo:
            case.memo[key] = Exact(case, statistics, case.exact["xhat"] if self.statistics == "own" else None, constant)
        exact: Exact = case.memo[key]
        return exact

    def _expected(self, name: str, value: NDArray[Any], case: Case, exact: Exact) -> Expected | None:
        if name == "dweight" and case.weight is None:
            return None
        dtype = self._dtype(name, case)
        if dtype.kind == "i":
            return Expected(value, np.zeros(value.shape), dtype)
        u = unit_roundoff(dtype)
        bound = exact.bound(name, value, u)
        return Expected(value, bound if name == "summed" else bound_stored(value, bound, exact.u, u), dtype)

    def _dtype(self, name: str, case: Case) -> np.dtype[Any]:
        match name:
            case "count":
                return np.dtype(np.int64)
            case "mean" | "rstd" | "m2" | "sum_dy" | "sum_dy_xhat":
                return FLOAT64 if self.in_parts else case.statistics_dtype
            case "dweight" | "dbias":
                return case.x.dtype if case.weight is None else case.weight.dtype
            case "running_mean" | "running_var":
                return case.running_mean.dtype
        return case.x.dtype

    def _statistics_given(self, case: Case) -> dict[str, Array]:
        if self.statistics == "running":
            return {"mean": case.running_mean.astype(case.statistics_dtype), "rstd": case.running_rstd}
        return {name: getattr(case, name) for name in ("mean", "rstd") if name in case.exact}

    def _of_the_whole(self, case: Case) -> dict[str, NDArray[Any]]:
        """What a share of a batch is told of all of it."""
        if not self.takes("sum_dy"):
            return {}
        words = {**reference_words(case), **self._statistics_given(case)}
        sums = called_by_name(reference.batch_norm_backward_sums, words)
        return {"count": case.count, **dict(zip(SUMS, (a.astype(FLOAT64) for a in sums), strict=True))}
