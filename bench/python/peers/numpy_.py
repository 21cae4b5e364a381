"""NumPy: what one would write by hand; with `out` no array of the size of x is made but one for the work between."""

from typing import Any

import numpy as np
from cases import EPS, MOMENTUM, Array, Operands

from . import Calls

NAME = "NumPy"


def version() -> str:
    return np.__version__


def set_threads(n: int) -> None:
    """NumPy's loops run on one thread, whatever `n` is."""


def calls(o: Operands) -> Calls:
    work = np.zeros_like(o.x)
    if o.case.stream == "add":
        return Calls(lambda: _backward(o, None, None), lambda: _backward(o, o.dx, work), list)
    if o.case.operation == "batch_norm":
        return Calls(lambda: [_evaluate(o, None)], lambda: [_evaluate(o, o.y)], list)
    return Calls(lambda: [_forward(o, None, None)], lambda: [_forward(o, o.y, work)], list)


def _forward(o: Operands, y: Array | None, work: Array | None) -> Array:
    case = o.case
    mean = o.x.mean(axis=case.axes, keepdims=True)
    y = np.subtract(o.x, mean, out=y)
    var = np.multiply(y, y, out=work).mean(axis=case.axes, keepdims=True)
    y /= np.sqrt(var + np.float32(EPS))
    y *= case.broadcast(o.weight)
    y += case.broadcast(o.bias)
    if case.operation == "batch_norm_forward":
        count = o.x.size // o.weight.size
        for running, batch in ((o.running_mean, mean), (o.running_var, var * np.float32(count / (count - 1)))):
            running *= 1 - MOMENTUM
            running += MOMENTUM * batch.ravel()
    return y


def _evaluate(o: Operands, y: Array | None) -> Array:
    rstd = 1 / np.sqrt(o.running_var + np.float32(EPS))
    y = np.subtract(o.x, o.case.broadcast(o.running_mean), out=y)
    y *= o.case.broadcast(rstd * o.weight)
    y += o.case.broadcast(o.bias)
    return y


def _backward(o: Operands, dx: Array | None, work: Array | None) -> list[Any]:
    case, rows = o.case, o.case.layout == "rows"
    mean, rstd = (s if rows else case.broadcast(s) for s in (o.mean, o.rstd))
    parameter_axes = (0,) if rows else case.axes
    xhat = np.subtract(o.x, mean, out=dx)
    xhat *= rstd
    work = np.multiply(o.dy, xhat, out=work)
    dweight, dbias = work.sum(axis=parameter_axes), o.dy.sum(axis=parameter_axes)
    if rows:
        work *= o.weight
        mean_dxhat_xhat = work.mean(axis=case.axes, keepdims=True)
        dxhat = np.multiply(o.dy, o.weight, out=work)
        mean_dxhat = dxhat.mean(axis=case.axes, keepdims=True)
        scale = rstd
    else:
        # The weight is one number for each channel: it comes out of the sums.
        count = np.float32(o.x.size // o.weight.size)
        mean_dxhat, mean_dxhat_xhat = case.broadcast(dbias / count), case.broadcast(dweight / count)
        dxhat, scale = o.dy, rstd * case.broadcast(o.weight)
    xhat *= -mean_dxhat_xhat
    xhat += dxhat
    xhat -= mean_dxhat
    xhat *= scale
    return [xhat, dweight, dbias]
