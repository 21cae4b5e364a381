"""The one list of operations that the self check and every test run over: how to call each, and what to expect.

A new operation is one more entry here, and every promise is checked of it.
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import functional
from . import expected
from .cases import Case, batch_norm_case, layer_norm_case
from .expected import Expected

Results = dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """One operation: what it is made from, called with, and to be compared with."""

    name: str
    case: Callable[..., Case]  # (shape, dtype, kind)
    results: tuple[str, ...]
    function: Callable[..., Any]
    arguments: Callable[[Case], dict[str, Any]]
    expected: Callable[[Case], Expected]

    @property
    def out(self) -> str | None:
        """The result that out= receives."""
        return next((name for name in ("y", "dx") if name in self.results), None)

    def cases(self, shape: tuple[int, ...], dtype: np.dtype[Any], kind: str) -> Iterator[Case]:
        """Make the cases of one kind of data: gradients that vary, and gradients that do not, where there are any."""
        case = self.case(shape, dtype, kind)
        yield case
        if "dy" in self.arguments(case):
            yield case.with_even_dy()

    def call(self, case: Case, **options: Any) -> Results:
        """Run the operation on a case; `options` go to it, or replace its arguments."""
        return self.called_with({**self.arguments(case), **options})

    def called_with(self, arguments: dict[str, Any]) -> Results:
        """Run the operation on arguments that were made before."""
        values = self.function(**arguments)
        return dict(zip(self.results, values if isinstance(values, tuple) else (values,), strict=True))


def _rows(case: Case) -> dict[str, Any]:
    return {"x": case.x, "normalized_shape": case.weight.shape, "weight": case.weight, "bias": case.bias}


def _rows_backward(case: Case) -> dict[str, Any]:
    return {"dy": case.dy, "x": case.x, "mean": case.mean, "rstd": case.rstd, "weight": case.weight}


def _channels(case: Case) -> dict[str, Any]:
    return {"x": case.x, "weight": case.weight, "bias": case.bias, "channel_axis": case.channel_axis}


def _channels_running(case: Case) -> dict[str, Any]:
    return {**_channels(case), "running_mean": case.running_mean, "running_var": case.running_var}


def _channels_backward(case: Case) -> dict[str, Any]:
    return {**_rows_backward(case), "channel_axis": case.channel_axis}


def _channels_frozen(case: Case) -> dict[str, Any]:
    statistics = {"mean": case.running_mean, "rstd": case.running_rstd}
    return {**_channels_backward(case), **statistics, "training": False}


def _parts_statistics(case: Case) -> dict[str, Any]:
    return {"x": case.x, "channel_axis": case.channel_axis}


def _parts_apply(case: Case) -> dict[str, Any]:
    return {**_channels(case), "mean": case.mean, "rstd": case.rstd}


def _parts_sums(case: Case) -> dict[str, Any]:
    arguments = _channels_backward(case)
    del arguments["weight"]
    return arguments


def _parts_backward_apply(case: Case) -> dict[str, Any]:
    sums = {name: value.astype(np.float64) for name, (value, _) in expected.backward_sums(case).items()}
    count = np.full(case.mean.shape, case.x.size // max(case.mean.size, 1))
    return {**_channels_backward(case), **sums, "count": count}


def _train_running(running_mean: Any, running_var: Any, **arguments: Any) -> tuple[Any, ...]:
    """Train on copies of the running statistics, and return them beside y."""
    pair = copy(running_mean), copy(running_var)
    return functional.batch_norm(running_mean=pair[0], running_var=pair[1], training=True, **arguments), *pair


_GRADIENTS = ("dx", "dweight", "dbias")
_STATISTICS = ("y", "mean", "rstd")

LAYER_NORM = (
    Spec("layer_norm", layer_norm_case, ("y",), functional.layer_norm, _rows, expected.inference),
    Spec("layer_norm_forward", layer_norm_case, _STATISTICS, functional.layer_norm_forward, _rows, expected.forward),
    Spec(
        "layer_norm_backward",
        layer_norm_case,
        _GRADIENTS,
        functional.layer_norm_backward,
        _rows_backward,
        expected.backward,
    ),
)

BATCH_NORM = (
    Spec(
        "batch_norm",
        batch_norm_case,
        ("y",),
        functional.batch_norm,
        _channels_running,
        expected.running_inference,
    ),
    Spec(
        "batch_norm_training",
        batch_norm_case,
        ("y", "running_mean", "running_var"),
        _train_running,
        _channels_running,
        lambda case: {**expected.inference(case), **expected.running(case)},
    ),
    Spec(
        "batch_norm_forward", batch_norm_case, _STATISTICS, functional.batch_norm_forward, _channels, expected.forward
    ),
    Spec(
        "batch_norm_backward",
        batch_norm_case,
        _GRADIENTS,
        functional.batch_norm_backward,
        _channels_backward,
        expected.backward,
    ),
    Spec(
        "batch_norm_backward_frozen",
        batch_norm_case,
        _GRADIENTS,
        functional.batch_norm_backward,
        _channels_frozen,
        expected.frozen_backward,
    ),
    Spec(
        "batch_norm_stats",
        batch_norm_case,
        ("count", "mean", "m2"),
        functional.batch_norm_stats,
        _parts_statistics,
        expected.statistics,
    ),
    Spec(
        "batch_norm_apply",
        batch_norm_case,
        ("y",),
        functional.batch_norm_apply,
        _parts_apply,
        expected.apply,
    ),
    Spec(
        "batch_norm_backward_sums",
        batch_norm_case,
        ("sum_dy", "sum_dy_xhat"),
        functional.batch_norm_backward_sums,
        _parts_sums,
        expected.backward_sums,
    ),
    Spec(
        "batch_norm_backward_apply",
        batch_norm_case,
        ("dx",),
        functional.batch_norm_backward_apply,
        _parts_backward_apply,
        expected.backward_apply,
    ),
)

SPECS = LAYER_NORM + BATCH_NORM
