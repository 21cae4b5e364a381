"""The one list of operations that the self check and every test run over.

A norm is one entry in `norms`, and every promise is checked of what all norms have; only what a norm has alone
(running statistics, BatchNorm in parts) is named here.
"""

from copy import copy
from functools import wraps
from typing import Any

from .. import functional, reference
from .._dtypes import Array
from .norms import BATCH_NORM, INSTANCE_NORM, NORMS, Norm, parameters_of
from .spec import SUMS, Function, Names, Spec

_RUNNING = ("running_mean", "running_var")
_SAVED = ("y", "mean", "rstd")


def _specs_of(norm: Norm) -> tuple[Spec, ...]:
    """Inference, training and its way back: what every norm has. Running statistics are for those below."""
    inference, forward, backward = (getattr(functional, norm.name + suffix) for suffix in ("", "_forward", "_backward"))
    results, gradients = ("y", *norm.saved), norm.gradients
    forward_reference = ((getattr(reference, f"{norm.name}_forward"), results),)
    backward_reference = ((getattr(reference, f"{norm.name}_backward"), gradients),)
    kept = tuple(name for name in results if name in ("y", "summed"))
    none = dict.fromkeys(_RUNNING)
    trained = {**none, "training": True} if "training" in parameters_of(inference) else none
    return (
        Spec(norm.name, norm, inference, kept, forward_reference, trained),
        Spec(f"{norm.name}_forward", norm, forward, results, forward_reference, none),
        Spec(f"{norm.name}_backward", norm, backward, gradients, backward_reference),
    )


def _moving(function: Function) -> Function:
    """Make a function that moves copies of the running statistics, and returns them beside its own results."""

    @wraps(function)
    def moving(*, running_mean: Array, running_var: Array, **arguments: Any) -> tuple[Any, ...]:
        pair = copy(running_mean), copy(running_var)
        results = function(running_mean=pair[0], running_var=pair[1], **arguments)
        return *(results if isinstance(results, tuple) else (results,)), *pair

    return moving


def _batch_norm_running(
    running_mean: Array, running_var: Array, x: Array, momentum: float, channel_axis: int, mask: Any
) -> Any:
    statistics = reference.batch_norm_statistics(x, channel_axis=channel_axis, mask=mask)
    return reference.running_update(running_mean, running_var, *statistics, momentum)


def _part(name: str, results: Names, reference_name: str = "", statistics: str = "given") -> Spec:
    references = ((getattr(reference, reference_name or name), results),)
    return Spec(name, BATCH_NORM, getattr(functional, name), results, references, {}, statistics, in_parts=True)


SPECS = (
    *(spec for norm in NORMS for spec in _specs_of(norm)),
    Spec(
        "instance_norm_moving",
        INSTANCE_NORM,
        _moving(functional.instance_norm),
        ("y", *_RUNNING),
        ((reference.instance_norm_forward, _SAVED), (reference.instance_norm_running, _RUNNING)),
    ),
    Spec(
        "instance_norm_running",
        INSTANCE_NORM,
        functional.instance_norm,
        ("y",),
        ((reference.batch_norm_inference, ("y",)),),
        {"use_input_stats": False},
        "running",
    ),
    Spec(
        "batch_norm_moving",
        BATCH_NORM,
        _moving(functional.batch_norm),
        ("y", *_RUNNING),
        ((reference.batch_norm_forward, _SAVED), (_batch_norm_running, _RUNNING)),
        {"training": True},
    ),
    Spec(
        "batch_norm_forward_moving",
        BATCH_NORM,
        _moving(functional.batch_norm_forward),
        (*_SAVED, *_RUNNING),
        ((reference.batch_norm_forward, _SAVED), (_batch_norm_running, _RUNNING)),
    ),
    Spec(
        "batch_norm_running",
        BATCH_NORM,
        functional.batch_norm,
        ("y",),
        ((reference.batch_norm_inference, ("y",)),),
        {"training": False},
        "running",
    ),
    Spec(
        "batch_norm_backward_frozen",
        BATCH_NORM,
        functional.batch_norm_backward,
        BATCH_NORM.gradients,
        ((reference.batch_norm_backward, BATCH_NORM.gradients),),
        {"training": False},
        "running",
    ),
    _part("batch_norm_stats", ("count", "mean", "m2"), "batch_norm_statistics", "own"),
    _part("batch_norm_apply", ("y",)),
    _part("batch_norm_backward_sums", SUMS),
    _part("batch_norm_backward_apply", ("dx",)),
)

SPEC = {spec.name: spec for spec in SPECS}
