"""The norms: where each takes its statistics, what it saves, and what makes a case of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from .. import reference
from .._dtypes import Array
from . import geometry
from .cases import Case, case_of
from .data import values
from .geometry import Axis, See, Shape


@dataclass(frozen=True)
class Norm:
    """One norm. Its functions are called `name`, `name`_forward and `name`_backward, here and in the reference."""

    name: str
    see: See
    saved: tuple[str, ...] = ("mean", "rstd")  # what the forward pass returns beside y
    gradients: tuple[str, ...] = ("dx", "dweight", "dbias")

    @property
    def has_residual(self) -> bool:
        """Whether what is normalized is a sum."""
        return "summed" in self.saved

    @property
    def has_channels(self) -> bool:
        """Whether parameters run along a channel axis; such a norm takes masks."""
        return self.see is not geometry.rows

    def fits(self, shape: Shape, axis: Axis = None) -> bool:
        """Say whether an array of that shape can be normalized along that axis."""
        if self.has_residual:
            return axis is None
        return self.see not in (geometry.batch, geometry.instance) or self.see(shape, axis).values > 1

    def case(self, shape: Shape, dtype: np.dtype[Any], kind: str = "random", **options: Any) -> Case:
        """Make a case of a kind of data; `options` are those of `case_of`."""
        seen = self.see(shape, options.get("axis"))
        case = self.case_of(values(seen.seen, kind, seen.reduced, dtype).reshape(shape), **options)
        return replace(case, label=" ".join([kind, str(shape), *(f"{k}={v}" for k, v in options.items())]))

    def case_of(self, x: Array, **options: Any) -> Case:
        """Make a case of given data, with the reference's statistics."""
        case = case_of(self.see, x, residual=self.has_residual, **options)
        return replace(self.settled(case), label=f"given data {x.shape}")

    def settled(self, case: Case) -> Case:
        """Give a case the reference's statistics."""
        forward = getattr(reference, f"{self.name}_forward")
        bare = replace(case, weight=None, bias=None)
        exact = dict(zip(("xhat", *self.saved), called_by_name(forward, reference_words(bare)), strict=True))
        with np.errstate(over="ignore"):  # 1 / sqrt(var) of denormals is more than their type holds
            saved = {name: exact[name].astype(case.statistics_dtype) for name in ("mean", "rstd") if name in exact}
        return replace(case, exact=exact, **saved)


def called_by_name(function: Callable[..., Any], words: dict[str, Any]) -> tuple[Any, ...]:
    """Call a function with what its parameters are called, and return its results."""
    results = function(**{name: words[name] for name in parameters_of(function) if name in words})
    return results if isinstance(results, tuple) else (results,)


def reference_words(case: Case) -> dict[str, Any]:
    """Everything of a case as the reference is told it."""
    return {**case.words(), **case.geometry.reference_words}


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    return tuple(signature(function).parameters)


LAYER_NORM = Norm("layer_norm", geometry.rows)
RMS_NORM = Norm("rms_norm", geometry.rows, saved=("rstd",), gradients=("dx", "dweight"))
ADD_LAYER_NORM = Norm("add_layer_norm", geometry.rows, saved=("summed", "mean", "rstd"))
ADD_RMS_NORM = Norm("add_rms_norm", geometry.rows, saved=("summed", "rstd"), gradients=("dx", "dweight"))
GROUP_NORM = Norm("group_norm", geometry.group)
INSTANCE_NORM = Norm("instance_norm", geometry.instance)
BATCH_NORM = Norm("batch_norm", geometry.batch)

NORMS = (LAYER_NORM, RMS_NORM, ADD_LAYER_NORM, ADD_RMS_NORM, GROUP_NORM, INSTANCE_NORM, BATCH_NORM)
