"""One call's input of full size, and the checks of all that stands beside it."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from ._dtypes import FLOAT32, FLOAT64, Array, array, plain_array, statistics_dtype
from ._layouts import Order, Output, Shape, fresh, gathered, lies_in, room, small, target
from ._memory import check_output

Layout: TypeAlias = tuple[int, ...]


class Frame:
    """How a call sees `x`, an array under its `name`: `layout`, for the kernels, is that of x taken in `order`.

    Parameters and statistics have one shape each, and an order of their own that goes with the order of x.
    """

    __slots__ = (
        "layout",
        "name",
        "order",
        "parameter_order",
        "parameter_shape",
        "statistic_order",
        "statistic_shape",
        "x",
    )

    def __init__(
        self,
        name: str,
        x: Array,
        order: Order,
        layout: Layout,
        parameter_shape: Shape,
        statistic_shape: Shape,
        parameter_order: Order = None,
        statistic_order: Order = None,
    ) -> None:
        self.name, self.x, self.order, self.layout = name, x, order, layout
        self.parameter_shape, self.parameter_order = parameter_shape, parameter_order
        self.statistic_shape, self.statistic_order = statistic_shape, statistic_order

    def beside(self, name: str, value: object) -> Array:
        """Check an array that lies over x element by element: of its shape and dtype."""
        x = self.x
        result = array(name, value)
        if result.dtype is not x.dtype:
            raise ValueError(f"{name} has dtype {result.dtype}, expected {x.dtype}, the dtype of {self.name}")
        if result.shape != x.shape:
            raise ValueError(f"{name} has shape {result.shape}, expected {x.shape}, the shape of {self.name}")
        return result

    def read(self, a: Array) -> Array:
        """Give the kernels an input of full size."""
        return gathered(a, self.order)

    def affine(self, weight: object, bias: object = None) -> tuple[Array | None, Array | None]:
        """Give the kernels the parameters that there are, of one dtype: that of x, or float32 beside 16 bits."""
        weight_ = None if weight is None else self.parameter("weight", weight)
        bias_ = None if bias is None else self.parameter("bias", bias)
        if weight_ is not None and bias_ is not None and weight_.dtype is not bias_.dtype:
            weight_, bias_ = weight_.astype(FLOAT32, copy=False), bias_.astype(FLOAT32, copy=False)
        order = self.parameter_order
        return (
            None if weight_ is None else small(weight_, order),
            None if bias_ is None else small(bias_, order),
        )

    def parameter(self, name: str, value: object) -> Array:
        """Check a weight or bias, or a running statistic, which is of the same kinds."""
        dtype, shape = self.x.dtype, self.parameter_shape
        if type(value) is np.ndarray and value.dtype is dtype and value.shape == shape:
            return value
        result = array(name, value)
        if result.dtype is not dtype and not (dtype.itemsize == 2 and result.dtype is FLOAT32):
            or_float32 = ", or float32" if dtype.itemsize == 2 else ""
            raise TypeError(f"{name} has dtype {result.dtype}, expected {dtype}, the dtype of {self.name}{or_float32}")
        return self._shaped(name, result, shape)

    def parameter_room(self, like: Array | None) -> tuple[Array, Array]:
        """Make room for the gradient of a parameter, in the dtype of `like`, or of x."""
        dtype = self.x.dtype if like is None else like.dtype
        return room(self.parameter_shape, dtype, self.parameter_order)

    def statistic(self, name: str, value: object) -> Array:
        """Give the kernels a saved mean or rstd."""
        dtype, shape = statistics_dtype(self.x), self.statistic_shape
        if type(value) is np.ndarray and value.dtype is dtype and value.shape == shape:
            return small(value, self.statistic_order)
        result = array(name, value)
        if result.dtype is not dtype:
            beside = f"that of the statistics of {self.name}, whose dtype is {self.x.dtype}"
            raise TypeError(f"{name} has dtype {result.dtype}, expected {dtype}, {beside}")
        return small(self._shaped(name, result, shape), self.statistic_order)

    def exact_statistic(self, name: str, value: object) -> Array:
        """Give the kernels a statistic, or a sum, of float64; that of a saved one is widened."""
        result, dtype = array(name, value), statistics_dtype(self.x)
        if result.dtype is not FLOAT64 and result.dtype is not dtype:
            or_float32 = "" if dtype is FLOAT64 else " or float32"
            raise TypeError(f"{name} has dtype {result.dtype}, expected float64{or_float32}")
        return small(self._shaped(name, result, self.statistic_shape)).astype(FLOAT64, copy=False)

    def statistic_room(self) -> tuple[Array, Array]:
        """Make room for a mean or rstd to be saved."""
        return room(self.statistic_shape, statistics_dtype(self.x), self.statistic_order)

    def output(self, out: object = None, may_be: Iterable[Array] = (), apart: Iterable[Array | None] = ()) -> Output:
        """Make room for a result of full size: fresh where `out` is None, else `out`, once it is seen to be fit."""
        x, order = self.x, self.order
        if out is None and (order is None or lies_in(x, order)):
            return Output(*room(x.shape, x.dtype, order))
        if out is None:
            made = fresh(x.shape, x.dtype)
            return target(made, made, order)
        plain = plain_array("out", out)
        if plain.dtype != x.dtype:
            raise ValueError(f"out has dtype {plain.dtype}, expected {x.dtype}, the dtype of {self.name}")
        if plain.shape != x.shape:
            raise ValueError(f"out has shape {plain.shape}, expected {x.shape}, the shape of {self.name}")
        check_output(plain, may_be, apart)
        return target(out, plain, order)  # type: ignore[arg-type] # plain_array has seen that it is one

    def _shaped(self, name: str, value: Array, shape: Shape) -> Array:
        """Check the shape of what is not of full size."""
        if value.shape != shape:
            raise ValueError(f"{name} has shape {value.shape}, expected {shape}; {self.name} has shape {self.x.shape}")
        return value
