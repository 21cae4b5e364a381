"""The express lane and the way through the checks cannot be told apart, but for the time that they take."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS
from norms import DTYPES, FLOAT32, SPECS, each_dtype, needs_native
from simdnorm import _backend, _fallback

pytestmark = needs_native

WITH_LANE = [spec for spec in SPECS if not spec.in_parts]
each_spec_with_lane = pytest.mark.parametrize("spec", WITH_LANE, ids=lambda spec: spec.name)


class Lane:
    """The express lane, open or closed; `taken` says what became of each call."""

    def __init__(self, *, is_open):
        self.taken, self._is_open = [], is_open

    def __getattr__(self, name):
        def call(*arguments):
            results = getattr(_kernels.express, name)(*arguments) if self._is_open else None
            self.taken.append(results is not None)
            return results

        return call


_kernels = _backend.kernels


def through(lane):
    """Calls go through this lane."""
    kernels = SimpleNamespace(**{name: getattr(_kernels, name) for name in _fallback.__all__} | {"express": lane})
    return mock.patch.object(_backend, "kernels", kernels)


def outcome(make, *, is_open):
    """Results of a call, or its error, and what has become of its arguments."""
    spec, arguments = make()
    with through(Lane(is_open=is_open)):
        try:
            results = spec.called_with(arguments)
        except (ValueError, TypeError) as error:
            results = {"error": (type(error), str(error))}
    out = arguments.get("out")
    return {
        **{name: described(value, out) for name, value in results.items()},
        **{f"argument {name}": described(value, out) for name, value in arguments.items()},
    }


def described(value, out):
    """All that can be seen of a value."""
    if not isinstance(value, np.ndarray):
        return repr(value)
    flags = value.flags
    return value.dtype, value.shape, value.strides, flags.owndata, flags.writeable, value is out, value.tobytes()


def assert_same_outcome(make):
    expected = outcome(make, is_open=False)
    assert outcome(make, is_open=True) == expected


def _shape_of(spec):
    return (4, 6, 3, 7) if spec.norm.has_channels else (6, 37)


def plain_calls(spec, dtype):
    """Ways of calling an operation that the lane is there for: arguments for each."""
    for parameters in {dtype, FLOAT32} if dtype.itemsize == 2 else {dtype}:
        for given_ in ("both", "weight", "none"):
            case = spec.case(_shape_of(spec), dtype, parameters=parameters, given=given_)
            arguments = spec.arguments(case)
            # The lane has no room to widen running statistics of 16 bits.
            running = {n: a for n, a in arguments.items() if n.startswith("running") and a is not None}
            arguments |= {n: a.astype(case.statistics_dtype) for n, a in running.items()}
            yield arguments
            if spec.out:
                yield {**arguments, "out": np.full_like(case.x, 7)}
                yield {**arguments, "out": arguments["dy" if "dy" in arguments else "x"]}
            if spec.takes("need"):
                for missing in range(len(spec.results)):
                    need = tuple(i != missing for i in range(len(spec.results)))
                    if need != (False, True) or case.weight is not None:  # of two gradients one is left, and is none
                        yield {**arguments, "need": need}
            if spec.takes("dsummed"):
                yield {**arguments, "dsummed": None}
    if spec.norm.has_channels:
        yield spec.arguments(spec.case((4, 3, 7, 6), FLOAT32, axis=-1))
        yield spec.arguments(spec.case((4, 6, 3), FLOAT32))


@each_dtype
@each_spec_with_lane
def test_plain_calls_take_the_lane(spec, dtype):
    for arguments in plain_calls(spec, dtype):
        lane = Lane(is_open=True)
        with through(lane):
            spec.called_with(arguments)
        assert lane.taken == [True], {name: getattr(value, "shape", value) for name, value in arguments.items()}


@each_dtype
@each_spec_with_lane
def test_plain_calls_give_the_bits_of_the_checked_way(spec, dtype):
    for i, _ in enumerate(plain_calls(spec, dtype)):
        assert_same_outcome(lambda i=i: (spec, list(plain_calls(spec, dtype))[i]))


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


OF_ARRAYS = {
    **{layout.__name__: layout for layout in LAYOUTS},
    **{dtype.name: lambda a, dtype=dtype: a.astype(dtype) for dtype in (*DTYPES, np.dtype(np.int32))},
    "none": lambda a: None,
    "a list": lambda a: a.tolist(),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "shorter": lambda a: a[..., :-1].copy(),
    "longer": lambda a: np.concatenate([a, a]),
    "of one axis more": lambda a: a[None],
    "of one axis less": lambda a: a[0],
    "of a subclass": lambda a: a.view(type("Sub", (np.ndarray,), {})),
    "masked": np.ma.masked_array,
    "read-only": read_only,
    "empty": lambda a: a[:0],
}
OF_NAMES = {
    "eps": (0, 0.0, 1e-3, np.float64(1e-3), -1.0, np.nan, np.inf, None, True, "a"),
    "momentum": (0, 1.0, 0.3, np.float32(0.3), -0.1, 1.5, np.nan, None, True),
    "channel_axis": (0, 1, -1, -3, 5, -5, np.int64(1), True, 1.0, None),
    "num_groups": (1, 2, 3, 4, 0, -1, 2**70, np.int64(2), 2.0, True),
    "training": (True, False, np.True_, 1, None),
    "unbiased": (True, False, np.False_, 0),
    "normalized_shape": (37, (37,), [37], (6, 37), np.int64(37), (), 36, (37, 6), True, 37.0, 2**70, None),
    "axis": (None, 0, 1, -1, (0, 1), 2, (1, 1)),
    "need": ((True, True), (True, False, True), (False, True, True), (False, False, False), (False, False), [True] * 3,
             (1, 1, 1), (np.True_, True, True), True, None, (), (True,) * 4),
    "mask": (None, np.arange(7) < 5, np.ones((4, 1, 1, 1), bool), True),
}  # fmt: skip
OUTS = {
    "fresh": lambda arguments, x: np.full_like(x, 7),
    "x": lambda arguments, x: x,
    "dy": lambda arguments, x: arguments.get("dy", x),
    "read-only": lambda arguments, x: read_only(x),
    "strided": lambda arguments, x: np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2],
    "of another dtype": lambda arguments, x: np.zeros(x.shape, np.float32 if x.dtype != np.float32 else np.float64),
    "of another shape": lambda arguments, x: np.zeros(x.shape[::-1], x.dtype),
    "a list": lambda arguments, x: x.tolist(),
}
OVERLAPS = ("x", "dy", "weight", "bias", "mean", "rstd", "residual", "dsummed", "running_mean", "running_var")


def overlapped(arguments, name, x, at):
    """An `out` that begins where an argument does, or in the middle of it."""
    value = arguments[name]
    room = np.ones(x.nbytes + value.nbytes, np.uint8)
    inside = room[: value.nbytes].view(value.dtype).reshape(value.shape)
    inside[...] = value
    start = 0 if at == "beginning" else value.nbytes // 2 // x.itemsize * x.itemsize
    return {name: inside, "out": room[start : start + x.nbytes].view(x.dtype).reshape(x.shape)}


def twisted(arguments, twist):
    """The arguments with one of them changed."""
    kind, name, way = twist
    x = arguments.get("x", arguments.get("summed"))
    if not isinstance(x, np.ndarray):
        return arguments
    if kind == "out":
        return {**arguments, "out": OUTS[way](arguments, x)}
    if kind == "value":
        return {**arguments, name: way}
    if not isinstance(arguments.get(name), np.ndarray) or not arguments[name].size or not arguments[name].ndim:
        return arguments  # another change has left nothing to be changed
    if kind == "overlap":
        return {**arguments, **overlapped(arguments, name, x, way)}
    return {**arguments, name: OF_ARRAYS[way](arguments[name])}


def twists_of(spec, arguments):
    """Everything that can be changed in a call."""
    arrays = [name for name, value in arguments.items() if isinstance(value, np.ndarray)]
    yield from (("array", name, way) for name in arrays for way in OF_ARRAYS)
    yield from (("value", name, way) for name in OF_NAMES if spec.takes(name) for way in OF_NAMES[name])
    if spec.out:
        yield from (("out", "out", way) for way in OUTS)
        yield from (("overlap", name, at) for name in arrays if name in OVERLAPS for at in ("beginning", "middle"))
    if "running_var" in arrays:
        yield "value", "running_var", arguments["running_mean"]


def made(spec, dtype, parameters, shape, twists):
    arguments = spec.arguments(spec.case(shape, dtype, parameters=parameters))
    for twist in twists:
        arguments = twisted(arguments, twist)
    return spec, arguments


@each_spec_with_lane
def test_any_one_thing_that_is_not_plain_has_the_outcome_of_the_checked_way(spec):
    shape = _shape_of(spec)
    for twist in twists_of(spec, made(spec, FLOAT32, FLOAT32, shape, ())[1]):
        assert_same_outcome(lambda twist=twist: made(spec, FLOAT32, FLOAT32, shape, (twist,)))


SHAPES = {
    False: [(6, 37), (37,), (2, 3, 37), (1, 1), (3, 1, 37), (0, 37)],
    True: [(4, 6, 3, 7), (4, 6), (1, 6, 2), (2, 6, 1), (0, 6, 2)],
}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_call_has_the_outcome_of_the_checked_way(data):
    spec = data.draw(st.sampled_from(WITH_LANE))
    dtype = data.draw(st.sampled_from(DTYPES))
    parameters = data.draw(st.sampled_from([dtype, FLOAT32])) if dtype.itemsize == 2 else dtype
    shape = data.draw(st.sampled_from(SHAPES[spec.norm.has_channels]))
    _, arguments = made(spec, dtype, parameters, shape, ())
    twists = data.draw(st.lists(st.sampled_from(list(twists_of(spec, arguments))), max_size=3))
    assert_same_outcome(lambda: made(spec, dtype, parameters, shape, twists))
