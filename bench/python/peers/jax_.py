"""JAX: the formula, compiled; autodiff for the gradients.

Of two forms it is the faster one: the variance is E[x^2] - E[x]^2, as in Flax, and the backward pass starts from what
the forward one saved. A call lasts until its outputs are there. It has no way into given arrays. XLA takes its number
of threads from the environment when it starts.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cases import EPS, MOMENTUM, Array
from operands import Operands

from . import Calls

NAME = "JAX"
jax.config.update("jax_cpu_enable_async_dispatch", False)  # handing over to a thread costs small calls dear


def version() -> str:
    return str(jax.__version__)


def set_threads(n: int) -> None:
    """They are those of `peers.environment`."""


def calls(o: Operands) -> Calls:
    case = o.case
    x, *parameters = (jnp.array(array) for array in (o.x, o.weight, o.bias)[: 2 + case.centered])
    call: Callable[..., Any]
    if case.backward:
        _, pull_back = jax.vjp(jax.jit(partial(_function(o), o)), x, *parameters)
        dy = [jnp.array(array) for array in ([o.dy, o.dsummed] if case.added else [o.dy])]
        call = partial(jax.jit(lambda pull_back, dy: pull_back(dy)), pull_back, dy)
    elif case.added:
        add = jax.jit(lambda x, residual, *parameters: _function(o)(o, x + residual, *parameters))
        call = partial(add, x, jnp.array(o.residual), *parameters)
    elif case.norm == "batch_norm":
        running = [jnp.array(array) for array in (o.running_mean, o.running_var)]
        call = partial(jax.jit(partial(_batch_norm, o)), x, *parameters, *running)
    else:
        call = partial(jax.jit(partial(_function(o), o)), x, *parameters)
    count = 2 + case.centered if case.backward else 1 + case.added
    return Calls(lambda: jax.block_until_ready(call()), None, lambda result: list(result[:count]))


def _norm(o: Operands, x: Any, weight: Any, bias: Any = None) -> list[Any]:
    mean, variance = _statistics(o, x)
    return [_apply(o, x, mean, variance, weight, bias)]


def _norm_and_sum(o: Operands, summed: Any, *parameters: Any) -> list[Any]:
    return [*_norm(o, summed, *parameters), summed]


def _function(o: Operands) -> Callable[..., list[Any]]:
    return _norm_and_sum if o.case.added else _norm


def _batch_norm(o: Operands, x: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any) -> list[Any]:
    """Evaluation, or training with running statistics."""
    case = o.case
    if case.operation == "batch_norm":
        return [_apply(o, x, case.broadcast(running_mean), case.broadcast(running_var), weight, bias)]
    mean, variance = _statistics(o, x)
    count = x.size // weight.size if o.mask is None else int(o.mask.sum())
    batch = (mean.ravel(), variance.ravel() * (count / (count - 1)))
    running = [
        (1 - MOMENTUM) * old + MOMENTUM * new for old, new in zip((running_mean, running_var), batch, strict=True)
    ]
    return [_apply(o, x, mean, variance, weight, bias), *running]


def _statistics(o: Operands, x: Any) -> tuple[Any, Any]:
    x = _wide(o, x)
    average = partial(jnp.mean, axis=o.case.axes, keepdims=True, where=_where(o))
    square = average(x * x)
    if not o.case.centered:
        return 0, square
    mean = average(x)
    return mean, jnp.maximum(square - mean * mean, 0)


def _apply(o: Operands, x: Any, mean: Any, variance: Any, weight: Any, bias: Any) -> Any:
    case, where = o.case, _where(o)
    y = (_wide(o, x) - mean) * (jax.lax.rsqrt(variance + EPS) * case.broadcast(weight.astype(jnp.float32)))
    if case.centered:
        y += case.broadcast(bias.astype(jnp.float32))
    if where is not None:
        y = jnp.where(where, y, 0)
    return y.reshape(case.shape).astype(x.dtype)


def _wide(o: Operands, x: Any) -> Any:
    return x.astype(jnp.float32).reshape(o.case.split)


def _where(o: Operands) -> Array | None:
    return None if o.mask is None else np.broadcast_to(o.mask, o.case.shape).reshape(o.case.split)
