"""simdnorm itself."""

from functools import partial
from typing import Any

from cases import EPS, GROUPS, MOMENTUM
from operands import Operands

import simdnorm as sn

from . import Calls

NAME = "simdnorm"


def version() -> str:
    return f"{sn.__version__}, backend {sn.backend()}, isa {sn.isa()}"


def set_threads(n: int) -> None:
    sn.set_num_threads(n)


def calls(o: Operands) -> Calls:
    case = o.case
    # Partial calls: a layer between would be measured too.
    call: partial[Any] = partial(getattr(sn, case.operation), *_arguments(o), **_keywords(o))

    def arrays(result: Any) -> list[Any]:
        if not isinstance(result, tuple):
            return [result]
        return list(result[: None if case.backward else 1 + case.added])

    return Calls(call, partial(call, out=o.dx if case.backward else o.y), arrays)


def _arguments(o: Operands) -> tuple[Any, ...]:
    case = o.case
    parameters = (o.weight, o.bias) if case.centered else (o.weight,)
    running = (o.running_mean, o.running_var)
    groups = (GROUPS,) if case.norm == "group_norm" else ()
    if case.backward:
        statistics = (o.mean, o.rstd) if case.centered else (o.rstd,)
        return (o.dy, o.x, *statistics, *groups, o.weight)
    if case.by_row:
        residual = (o.residual,) if case.added else ()
        shape = case.shape[-1] if case.layout == "rows" else None
        return (o.x, *residual, shape, *parameters, EPS)
    if case.operation == "batch_norm":
        return (o.x, *running, *parameters)
    if case.operation == "batch_norm_forward":
        return (o.x, *parameters, *running, MOMENTUM, EPS)
    return (o.x, *groups, *parameters, EPS)


def _keywords(o: Operands) -> dict[str, Any]:
    case = o.case
    if not case.by_row:
        return {"channel_axis": case.channel_axis} | ({} if o.mask is None else {"mask": o.mask})
    if case.added:
        return {"dsummed": o.dsummed} if case.backward else {}
    return {} if case.layout == "rows" else {"axis": case.channel_axis}
