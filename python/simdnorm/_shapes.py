"""Axes: which are reduced, and which the parameters run along."""

import operator
from collections.abc import Iterable
from itertools import islice

from ._dtypes import Array

Axes = tuple[int, ...]

_MOST_AXES = 64  # of any array of NumPy's


def reduced_axes(x: Array, normalized_shape: object, axis: object) -> Axes:
    """Find the axes of x that LayerNorm reduces, ascending, from one of `normalized_shape` and `axis`."""
    if axis is not None:
        if normalized_shape is not None:
            raise ValueError(f"give normalized_shape or axis, not both: got {normalized_shape!r} and {axis!r}")
        return checked_axes(x, axis)
    shape = x.shape
    if type(normalized_shape) is int and shape and shape[-1] == normalized_shape:
        return (len(shape) - 1,)
    sizes = _integers("normalized_shape", normalized_shape)
    if len(sizes) > len(shape) or shape[len(shape) - len(sizes) :] != sizes:
        raise ValueError(f"normalized_shape {sizes} is not the trailing shape of x, whose shape is {shape}")
    return tuple(range(len(shape) - len(sizes), len(shape)))


def checked_axes(x: Array, axis: object) -> Axes:
    """Return `axis`, one or several, as ascending axes of x."""
    given = _integers("axis", axis)
    axes = tuple(sorted(_in_range("axis", a, x) for a in given))
    if len(set(axes)) != len(axes):
        raise ValueError(f"axis {given} names an axis of x twice; the shape of x is {x.shape}")
    return axes


def checked_channel_axis(x: Array, channel_axis: object) -> int:
    """Return `channel_axis` as an axis of x that is not negative."""
    ndim = x.ndim
    if ndim < 2:
        raise ValueError(f"x has shape {x.shape}, expected 2 or more dimensions, one of them the channels")
    if type(channel_axis) is int and 0 <= channel_axis < ndim:
        return channel_axis
    return _in_range("channel_axis", _integer("channel_axis", channel_axis), x)


def axes_of_backward(x: Array, weight: Array | None, rstd: Array) -> Axes:
    """Find the axes that the forward pass reduced, read off the shapes of `weight` and `rstd`.

    The trailing ones, as many as `weight` has (1 without it), where rstd agrees; else those that are 1 in rstd alone.
    An axis that is 1 in x too tells nothing: behind one that was seen to be reduced it counts as reduced, so that a
    trailing normalized_shape is recognised.
    """
    shape, ndim = x.shape, x.ndim
    if rstd.ndim != ndim:
        raise ValueError(f"rstd has shape {rstd.shape}, expected {shape} with 1 on the reduced axes")
    many = 1 if weight is None else weight.ndim
    if 0 < many <= ndim and rstd.shape == shape[: ndim - many] + (1,) * many:
        return tuple(range(ndim - many, ndim))
    seen = tuple(a for a in range(ndim) if rstd.shape[a] == 1 != shape[a])
    if weight is None and seen and all(n == 1 for n in rstd.shape[seen[0] :]):
        return tuple(range(seen[0], ndim))
    return seen or (ndim - 1,)


def _integers(name: str, value: object) -> tuple[int, ...]:
    if value is None:
        raise ValueError("give normalized_shape, or axis: both are None")
    # A 0-d array calls itself iterable. Of what has no end, one more than there can be axes is enough.
    if isinstance(value, Iterable) and not isinstance(value, str | bytes) and getattr(value, "shape", None) != ():
        result = tuple(_integer(name, item) for item in islice(value, _MOST_AXES + 1))
    else:
        result = (_integer(name, value),)
    if not result:
        raise ValueError(f"{name} is empty, expected one axis or more")
    return result


def _integer(name: str, value: object) -> int:
    try:
        if not isinstance(value, bool):
            return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        pass
    raise TypeError(f"{name} must be made of integers, got {value!r}")


def _in_range(name: str, axis: int, x: Array) -> int:
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"{name} {axis} is out of range for x of shape {x.shape}")
    return axis % x.ndim
