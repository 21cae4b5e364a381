"""NumPy: what one would write by hand; with `out` no array of the size of x is made but one for the work between.

16 bits are computed in float32, as everybody does, and rounded at the end; into given outputs they are not written.
"""

from typing import Any

import numpy as np
from cases import EPS, MOMENTUM, Array
from operands import Operands

from . import Calls

NAME = "NumPy"


def version() -> str:
    return np.__version__


def set_threads(n: int) -> None:
    """NumPy's loops run on one thread, whatever `n` is."""


def calls(o: Operands) -> Calls:
    run = _backward if o.case.backward else _evaluate if o.case.operation == "batch_norm" else _forward
    if o.dtype != np.float32:
        return Calls(lambda: [part.astype(o.dtype) for part in run(o, None, None)], None, list)
    work, buffer = np.zeros_like(o.x), o.dx if o.case.backward else o.y
    given = (buffer.reshape(o.case.split), work.reshape(o.case.split))
    return Calls(lambda: run(o, None, None), lambda: run(o, *given), list)


def _wide(o: Operands, array: Array) -> Array:
    return array.astype(np.float32, copy=False).reshape(o.case.split if array.shape == o.case.shape else array.shape)


def _parameter(o: Operands, array: Array) -> Array:
    return o.case.broadcast(array.astype(np.float32, copy=False))


def _where(o: Operands) -> Any:
    return True if o.mask is None else np.broadcast_to(o.mask, o.case.shape).reshape(o.case.split)


def _forward(o: Operands, y: Array | None, work: Array | None) -> list[Array]:
    case, where = o.case, _where(o)
    summed = o.x + o.residual if case.added else None
    x = _wide(o, o.x if summed is None else summed)
    mean = x.mean(axis=case.axes, keepdims=True, where=where) if case.centered else np.float32(0)
    y = np.subtract(x, mean, out=y) if case.centered else x
    var = np.multiply(y, y, out=work).mean(axis=case.axes, keepdims=True, where=where)
    y = np.divide(y, np.sqrt(var + np.float32(EPS)), out=y if case.centered else None)
    y *= _parameter(o, o.weight)
    if case.centered:
        y += _parameter(o, o.bias)
    if o.mask is not None:
        y *= where
    if case.operation == "batch_norm_forward":
        count = o.x.size // o.weight.size if o.mask is None else int(o.mask.sum())
        for running, batch in ((o.running_mean, mean), (o.running_var, var * np.float32(count / (count - 1)))):
            running *= 1 - MOMENTUM
            running += MOMENTUM * batch.ravel()
    y = y.reshape(case.shape)
    return [y] if summed is None else [y, summed]


def _evaluate(o: Operands, y: Array | None, work: Array | None) -> list[Array]:
    rstd = 1 / np.sqrt(o.running_var + np.float32(EPS))
    y = np.subtract(_wide(o, o.x), o.case.broadcast(o.running_mean), out=y)
    y *= _parameter(o, o.weight) * o.case.broadcast(rstd)
    y += _parameter(o, o.bias)
    return [y]


def _backward(o: Operands, dx: Array | None, work: Array | None) -> list[Array]:
    case, where = o.case, _where(o)
    x, dy, weight = _wide(o, o.x), _wide(o, o.dy), _parameter(o, o.weight)
    kept = [1 if i in case.axes else n for i, n in enumerate(case.split)]
    mean, rstd = o.mean.reshape(kept), o.rstd.reshape(kept)
    parameter_axes = tuple(i for i, n in enumerate(weight.shape) if n == 1 and case.split[i] > 1)
    xhat = np.subtract(x, mean, out=dx)
    xhat *= rstd
    if o.mask is not None:
        xhat *= where
        dy = dy * where
    work = np.multiply(dy, xhat, out=work)
    dweight, dbias = work.sum(axis=parameter_axes), dy.sum(axis=parameter_axes)
    mean_dxhat: Array | None
    if case.norm == "batch_norm":
        # The weight is one number for each channel: it comes out of the sums.
        count = np.float32(o.x.size // o.weight.size if o.mask is None else o.mask.sum())
        mean_dxhat, mean_dxhat_xhat = case.broadcast(dbias / count), case.broadcast(dweight / count)
        dxhat, scale = dy, rstd * weight
    else:
        work *= weight
        mean_dxhat_xhat = work.mean(axis=case.axes, keepdims=True, where=where)
        dxhat, scale = np.multiply(dy, weight, out=work), rstd
        mean_dxhat = dxhat.mean(axis=case.axes, keepdims=True, where=where) if case.centered else None
    xhat *= -mean_dxhat_xhat
    xhat += dxhat
    if mean_dxhat is not None:
        xhat -= mean_dxhat
    xhat *= scale
    if o.mask is not None:
        xhat *= where
    if case.added:
        xhat += _wide(o, o.dsummed)
    gradients = [dweight.reshape(-1), dbias.reshape(-1)][: 1 + case.centered]
    return [xhat.reshape(case.shape), *gradients]
