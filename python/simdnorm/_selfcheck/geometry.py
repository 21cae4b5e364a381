"""Where the statistics and the parameters of a norm lie in x, and how its functions are told."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Any, TypeAlias

from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import NDArray

Axes: TypeAlias = tuple[int, ...]
Shape: TypeAlias = tuple[int, ...]
Axis: TypeAlias = int | Axes | None


@dataclass(frozen=True)
class Geometry:
    """How a norm sees x; a channel axis that is cut into groups is seen as two."""

    seen: Shape
    reduced: Axes  # the axes of `seen` that statistics run over
    along: Axes  # those that parameters run along
    statistics: Shape  # as the public functions return them
    words: dict[str, Any]  # what the public functions are told of it,
    reference_words: dict[str, Any]  # and what the reference is told
    values: int  # in each statistic

    @property
    def parameters(self) -> Shape:
        """The shape of weight and bias; channels are one axis even in groups."""
        sizes = [self.seen[a] for a in self.along]
        return (sizes[0] * sizes[1],) if "num_groups" in self.words else tuple(sizes)

    @property
    def kept_shape(self) -> Shape:
        """The shape in which statistics broadcast against `seen`."""
        return tuple(1 if a in self.reduced else n for a, n in enumerate(self.seen))

    @property
    def along_shape(self) -> Shape:
        """The shape in which parameters broadcast against `seen`."""
        return tuple(n if a in self.along else 1 for a, n in enumerate(self.seen))

    def spread(self, statistic: NDArray[Any]) -> NDArray[Any]:
        """Bring a statistic, as the functions return it, to the shape that broadcasts against `seen`."""
        return (statistic.T if self._channels_first else statistic).reshape(self.kept_shape)

    def gathered(self, statistic: NDArray[Any]) -> NDArray[Any]:
        """Bring a statistic back to the shape that the functions return."""
        if self._channels_first:
            return statistic.reshape(self.statistics[::-1]).T
        return statistic.reshape(self.statistics)

    @property
    def _channels_first(self) -> bool:
        return 0 in self.along and 0 not in self.reduced  # then x has (C, N) where statistics are (N, C)

    @property
    def rows(self) -> Axes:
        """The axes that gradients of parameters are summed over."""
        return tuple(a for a in range(len(self.seen)) if a not in self.along)


See: TypeAlias = Callable[[Shape, Axis], Geometry]


def rows(shape: Shape, axis: Axis = None) -> Geometry:
    """LayerNorm and its kin over `axis`, by default the last."""
    reduced = tuple(sorted(normalize_axis_tuple(-1 if axis is None else axis, len(shape))))
    normalized = tuple(shape[a] for a in reduced)
    words: dict[str, Any] = {"normalized_shape": normalized, "axis": None}
    if reduced[0] + len(reduced) != len(shape):
        words = {"normalized_shape": None, "axis": axis}
    kept = tuple(1 if a in reduced else n for a, n in enumerate(shape))
    return _geometry(shape, reduced, reduced, kept, words, {"axis": reduced})


def batch(shape: Shape, axis: Axis = None) -> Geometry:
    """Statistics over everything but the channels."""
    channel = _channel_axis(shape, axis)
    reduced = tuple(a for a in range(len(shape)) if a != channel)
    return _geometry(shape, reduced, (channel,), (shape[channel],), {"channel_axis": 1 if axis is None else axis})


def instance(shape: Shape, axis: Axis = None) -> Geometry:
    """Statistics of each channel of each sample."""
    channel = _channel_axis(shape, axis)
    sample = 1 if channel == 0 else 0
    reduced = tuple(a for a in range(len(shape)) if a not in (sample, channel))
    statistics = (shape[sample], shape[channel])
    return _geometry(shape, reduced, (channel,), statistics, {"channel_axis": 1 if axis is None else axis})


def group(shape: Shape, axis: Axis = None, groups: int | None = None) -> Geometry:
    """Statistics of each group of channels of each sample: 2 groups, or what else divides the channels, or 1."""
    channel = _channel_axis(shape, axis)
    channels = shape[channel]
    groups = groups or next((g for g in range(2, isqrt(channels) + 1) if channels % g == 0), 1)
    seen = (*shape[:channel], groups, channels // max(groups, 1), *shape[channel + 1 :])
    sample = 2 if channel == 0 else 0
    reduced = tuple(a for a in range(len(seen)) if a not in (sample, channel))
    words = {"channel_axis": 1 if axis is None else axis, "num_groups": groups}
    return _geometry(seen, reduced, (channel, channel + 1), (seen[sample], groups), words)


def _geometry(
    seen: Shape,
    reduced: Axes,
    along: Axes,
    statistics: Shape,
    words: dict[str, Any],
    reference_words: dict[str, Any] | None = None,
) -> Geometry:
    values = 1
    for a in reduced:
        values *= seen[a]
    return Geometry(seen, reduced, along, statistics, words, reference_words or words, values)


def _channel_axis(shape: Shape, axis: Axis) -> int:
    return normalize_axis_tuple(1 if axis is None else axis, len(shape))[0]
