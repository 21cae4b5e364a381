"""The arrays of a case, which all peers share, so that alignment is equal."""

import ctypes
import math
from functools import cached_property
from typing import Any

import numpy as np
from cases import EPS, Array, Case

ALIGNMENT = 64
"""Bytes: what PyTorch, JAX and oneDNN allocate for themselves. NumPy's 16 would slow some of them."""


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, int]:
    """Return np.empty, aligned, and its address."""
    memory = np.empty(math.prod(shape) * dtype.itemsize + ALIGNMENT, np.uint8)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))  # a quarter of what memory.ctypes costs
    start = -address % ALIGNMENT
    return np.ndarray(shape, dtype, memory, start), address + start


def aligned_zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return zeros, written once, so that their pages are there."""
    array, _ = aligned_empty(shape, dtype)
    array.fill(0)
    return array


class Operands:
    """The inputs of a case, made when they are first asked for, and buffers for `y` or `dx`."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.dtype = np.dtype(case.dtype)
        self._rng = np.random.default_rng(0)
        channels = case.shape[case.channel_axis]
        self.x = self._normal(case.shape)
        self.weight, self.bias = self._normal((channels,), 1), self._normal((channels,))
        self.running_mean, self.running_var = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        self.mask = self._mask() if case.masked else None
        self.mean, self.rstd = self._statistics()

    def _statistics(self) -> tuple[Array, Array]:
        """Return what a forward pass over x saves, in simdnorm's shapes; to a backward pass of add_* x is summed."""
        case = self.case
        x = self.x.astype(np.float32).reshape(case.split)
        where = True if self.mask is None else np.broadcast_to(self.mask, case.shape).reshape(case.split)
        mean = x.mean(axis=case.axes, keepdims=True, where=where)
        if not case.centered:
            mean = np.zeros_like(mean)
        square = np.square(x - mean).mean(axis=case.axes, keepdims=True, where=where)
        kept = mean.shape if case.by_row else tuple(n for i, n in enumerate(case.split) if i not in case.axes)
        return mean.reshape(kept), (1 / np.sqrt(square + np.float32(EPS))).reshape(kept)

    def take(self, **arrays: Array) -> None:
        """Put other values in place of the ones that were made, under their names."""
        for name, array in arrays.items():
            taken, _ = aligned_empty(array.shape, array.dtype)
            taken[...] = array
            setattr(self, name, taken)

    @cached_property
    def residual(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def dsummed(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def dy(self) -> Array:
        return self._normal(self.case.shape)

    @cached_property
    def y(self) -> Array:
        return aligned_zeros(self.x.shape, self.dtype)

    @cached_property
    def dx(self) -> Array:
        return aligned_zeros(self.x.shape, self.dtype)

    @cached_property
    def other(self) -> Array:
        """Where the stream puts a second output."""
        return aligned_zeros(self.x.shape, self.dtype)

    def _normal(self, shape: tuple[int, ...], center: float = 0) -> Array:
        array, _ = aligned_empty(shape, self.dtype)
        array[...] = self._rng.standard_normal(shape, dtype=np.float32) + np.float32(center)
        return array

    def _mask(self) -> Array:
        """Return lengths from a quarter of the longest to all of it, along the first axis that is not N or channels."""
        case = self.case
        along = 1 if case.channel_axis == -1 else 2
        samples, longest = case.shape[0], case.shape[along]
        lengths = np.linspace(longest // 4, longest, samples).astype(int)
        mask = np.arange(longest) < lengths[:, None]
        return mask.reshape([n if i in (0, along) else 1 for i, n in enumerate(case.shape)])
