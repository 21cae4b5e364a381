"""Kernels of the norms over trailing axes: LayerNorm, RMSNorm, and either of a sum with a residual.

One pair of kernels serves the four: by the lane, and where that declines in all ways that there are, at last through
arrays. What a norm does not have (a mean, a sum) is None.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .. import functional
from ._arrays import array, empty, optional, optional_tensor, parameter, statistics_dtype, tensor
from ._channels import dense
from ._lane import LANE, threads
from ._threads import in_step

Optional = Tensor | None
Gradients = tuple[Optional, Optional, Optional]

# By whether the mean is taken away, and whether a residual is added first.
_NAMES = {
    (True, False): "layer_norm",
    (False, False): "rms_norm",
    (True, True): "add_layer_norm",
    (False, True): "add_rms_norm",
}
_FORWARD_LANES = {key: getattr(LANE, f"{name}_forward") for key, name in _NAMES.items()}
_BACKWARD_LANES = {key: getattr(LANE, f"{name}_backward") for key, name in _NAMES.items()}


def forward_lane(
    keep: bool,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float,
    centred: bool,
) -> Any:
    """Return y and the sum, and if they are kept the mean and rstd."""
    added = residual is not None
    summands = (x, residual) if added else (x,)
    parameters = (weight, bias) if centred else (weight,)
    results = _FORWARD_LANES[centred, added](threads(), *summands, *parameters, eps, tuple(shape), None, keep, None)
    return None if results is None else _placed(results, keep, added, centred)


@in_step
def forward(
    keep: bool,
    x: Tensor,
    residual: Optional,
    shape: Sequence[int],
    weight: Optional,
    bias: Optional,
    eps: float,
    centred: bool,
) -> Any:
    x = _lying(x, centred or residual is not None)
    if residual is not None:
        residual = residual.contiguous()
    results = forward_lane(keep, x, residual, shape, weight, bias, eps, centred)
    if results is not None:
        return results
    y = empty(x)
    norm = getattr(functional, _NAMES[centred, residual is not None] + ("_forward" if keep else ""))
    summands = array(x), *(() if residual is None else (array(residual),))
    parameters = parameter(weight), *((parameter(bias),) if centred else ())
    results = norm(*summands, tuple(shape), *parameters, eps, out=array(y))
    _, *others = results if isinstance(results, tuple) else (results,)
    # RMSNorm's rstd lies as x does.
    return _placed((y, *(tensor(a).contiguous() for a in others)), keep, residual is not None, centred)


def _lying(x: Tensor, in_order: bool) -> Tensor:
    """Return `x` as results will lie: in order; but RMSNorm's as `x` does, if that is with its channels last."""
    return x.contiguous() if in_order else dense(x)


def _placed(results: Any, keep: bool, added: bool, centred: bool) -> tuple[Optional, ...]:
    """Return y, the sum, mean and rstd, each in its place."""
    y, *others = results if isinstance(results, tuple) else (results,)
    summed = others.pop(0) if added else None
    if not keep:
        return y, summed
    return y, summed, others.pop(0) if centred else None, others[0]


def forward_fake(
    x: Tensor, residual: Optional, shape: Sequence[int], weight: Optional, bias: Optional, eps: float, centred: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rstd = x.new_empty((*x.shape[: -len(shape)], *(1 for _ in shape)), dtype=statistics_dtype(x))
    summed = x.new_empty(0 if residual is None else x.shape)
    y = torch.empty_like(_lying(x, centred or residual is not None))
    return y, summed, torch.empty_like(rstd) if centred else x.new_empty(0), rstd


def backward_lane(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients | None:
    added = dsummed is not None
    statistics = (mean, rstd) if centred else (rstd,)
    beside = (weight, dsummed) if added else (weight,)
    axis = tuple(axes) if weight is None and len(axes) > 1 else None  # else it is found, which is quicker
    results: Any = _BACKWARD_LANES[centred, added](
        threads(), dy, x, *statistics, *beside, axis, tuple(need if centred else need[:2]), None
    )
    return results if centred or results is None else (*results, None)


@in_step
def backward(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients:
    x, dy = _lying(x, centred), dy.contiguous()
    if dsummed is not None:
        dsummed = dsummed.contiguous()
    results = backward_lane(dy, x, mean, rstd, weight, dsummed, axes, centred, need)
    if results is not None:
        return results
    dx = empty(x) if need[0] else None
    statistics = (optional(mean), array(rstd)) if centred else (array(rstd),)
    options: dict[str, Any] = {"need": tuple(need if centred else need[:2]), "out": optional(dx)}
    if dsummed is not None:
        options["dsummed"] = array(dsummed)
    elif weight is None:
        options["axis"] = tuple(axes)  # a weight tells them
    backward = getattr(functional, _NAMES[centred, dsummed is not None] + "_backward")
    _, *of_parameters = backward(array(dy), array(x), *statistics, parameter(weight), **options)
    dweight, dbias, *_ = *map(optional_tensor, of_parameters), None
    return dx, dweight, dbias


def backward_fake(
    dy: Tensor,
    x: Tensor,
    mean: Optional,
    rstd: Tensor,
    weight: Optional,
    dsummed: Optional,
    axes: Sequence[int],
    centred: bool,
    need: Sequence[bool],
) -> Gradients:
    like = x if weight is None else weight
    shape = [x.shape[axis] for axis in axes]
    return (
        torch.empty_like(_lying(x, centred)) if need[0] else x.new_empty(0),
        like.new_empty(shape if need[1] and weight is not None else 0),
        like.new_empty(shape if need[2] and centred else 0),
    )
