"""The arguments that are no arrays: eps, momentum, groups, switches and what is needed."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

ALL_NEEDED = (True, True, True)
BOTH_NEEDED = (True, True)


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


def checked_need(need: object, names: tuple[str, ...]) -> tuple[bool, ...]:
    """Return `need` as bools, one for each of the gradients `names`."""
    if (need is ALL_NEEDED or need is BOTH_NEEDED) and len(need) == len(names):
        return need
    expected = f"{len(names)} bools ({', '.join(names)})"
    if not isinstance(need, Sequence) or isinstance(need, str):
        raise TypeError(f"need must be {expected}, got {need!r}")
    if len(need) != len(names):
        raise ValueError(f"need must be {expected}, got {len(need)} values: {need!r}")
    return tuple(checked_switch("need", value) for value in need)


def checked_groups(num_groups: object, channels: int, name: str = "num_groups") -> int:
    """Return `num_groups` as an int that divides the channels."""
    if isinstance(num_groups, bool) or not isinstance(num_groups, Integral):
        raise TypeError(f"{name} must be an integer, got {num_groups!r}")
    groups = int(num_groups)
    if groups < 1 or channels % groups:
        raise ValueError(f"{name} must be 1 or more and divide the {channels} channels of x, got {num_groups!r}")
    return groups


def _real(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got {value!r}") from None
