"""simdnorm itself."""

from functools import partial
from typing import Any

from cases import EPS, MOMENTUM, Operands

import simdnorm as sn

from . import Calls

NAME = "simdnorm"


def version() -> str:
    return f"{sn.__version__}, backend {sn.backend()}, isa {sn.isa()}"


def set_threads(n: int) -> None:
    sn.set_num_threads(n)


def calls(o: Operands) -> Calls:
    case = o.case
    buffer = o.dx if case.stream == "add" else o.y
    # Partial calls: a layer between would be measured too.
    call: partial[Any]
    if case.operation == "layer_norm":
        call = partial(sn.layer_norm, o.x, case.shape[-1], o.weight, o.bias)
    elif case.operation == "layer_norm_forward":
        call = partial(sn.layer_norm_forward, o.x, case.shape[-1], o.weight, o.bias)
    elif case.operation == "layer_norm_backward":
        call = partial(sn.layer_norm_backward, o.dy, o.x, o.mean, o.rstd, o.weight)
    elif case.operation == "batch_norm_forward":
        running = (o.running_mean, o.running_var)
        call = partial(
            sn.batch_norm_forward, o.x, o.weight, o.bias, *running, MOMENTUM, EPS, channel_axis=case.channel_axis
        )
    elif case.operation == "batch_norm_backward":
        call = partial(sn.batch_norm_backward, o.dy, o.x, o.mean, o.rstd, o.weight, channel_axis=case.channel_axis)
    else:
        running = (o.running_mean, o.running_var)
        call = partial(sn.batch_norm, o.x, *running, o.weight, o.bias, channel_axis=case.channel_axis)

    def arrays(result: Any) -> list[Any]:
        if not isinstance(result, tuple):
            return [result]
        return list(result) if case.stream == "add" else [result[0]]

    return Calls(call, partial(call, out=buffer), arrays)
