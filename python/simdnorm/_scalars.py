"""The arguments that are no arrays: eps, momentum, switches and what is needed."""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

ALL_NEEDED = (True, True, True)


def checked_eps(eps: object) -> float:
    """Return `eps` as a finite float >= 0."""
    value = eps if type(eps) is float else _real("eps", eps)
    if not 0.0 <= value < math.inf:
        raise ValueError(f"eps must be finite and not negative, got {eps!r}")
    return value


def checked_momentum(momentum: object) -> float:
    """Return `momentum` as a float in [0, 1]."""
    if momentum is None:
        raise ValueError("momentum must be a number in [0, 1], got None; for the cumulative average pass 1 / step")
    value = momentum if type(momentum) is float else _real("momentum", momentum)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"momentum must lie in [0, 1], got {momentum!r}")
    return value


def checked_switch(name: str, value: object) -> bool:
    """Return `value` as a bool; a 1 or a string is a slip, not a switch."""
    if value is True or value is False:
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    raise TypeError(f"{name} must be True or False, got {value!r}")


def checked_need(need: object, out: object) -> tuple[bool, bool, bool]:
    """Return `need` as three bools: dx, dweight, dbias."""
    if need is ALL_NEEDED:
        return ALL_NEEDED
    if not isinstance(need, Sequence) or isinstance(need, str):
        raise TypeError(f"need must be three bools (dx, dweight, dbias), got {need!r}")
    if len(need) != 3:
        raise ValueError(f"need must be three bools (dx, dweight, dbias), got {len(need)} values: {need!r}")
    dx, dweight, dbias = (checked_switch("need", value) for value in need)
    if out is not None and not dx:
        raise ValueError("out is the buffer for dx, which need leaves out")
    return dx, dweight, dbias


def _real(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got {value!r}") from None
