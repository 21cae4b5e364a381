"""Random calls of the public functions: what is meant, how it is dressed up, and what is wrong with it."""

import decimal
import fractions
import warnings
from dataclasses import replace
from functools import cache
from math import prod

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from layouts import FULL_SIZED, LAYOUTS
from norms import DTYPES, FLOAT32, GIVEN, MASKS, SPEC
from simdnorm._selfcheck.data import kinds_of
from simdnorm._selfcheck.norms import parameters_of

MOST_VALUES = 3000  # of x; what takes long to fail takes long to shrink


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def of_subclass(a):
    return a.view(type("Sub", (np.ndarray,), {}))


# What is meant stays the same.
DRESSED = [np.copy, read_only, of_subclass, *LAYOUTS]

# What is meant becomes something else, or nothing at all.
TORN = {
    **{str(np.dtype(t)): lambda a, t=t: a.astype(t) for t in (*DTYPES, "i4", "u1", "?", "c8", "O", "g")},
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "datetimes": lambda a: a.astype("i8").view("M8[s]"),
    "records": lambda a: np.zeros(a.shape, [("a", "f4")]),
    "bits": lambda a: np.zeros(a.shape, f"V{a.itemsize}"),
    "strings": lambda a: a.astype(np.float32).astype(str),
    "masked": np.ma.masked_array,
    "matrix": lambda a: a.reshape(-1, a.shape[-1] if a.ndim else 1).view(np.matrix),
    "list": lambda a: a.tolist(),
    "shorter": lambda a: a[..., :-1],
    "longer": lambda a: np.concatenate([a, a]),
    "empty": lambda a: a[:0],
    "one": lambda a: a[:1],
    "flat": np.ravel,
    "transposed": np.transpose,
    "deeper": lambda a: a[None],
    "wider": lambda a: a[..., None],
    "lower": lambda a: a[0],
    "point": lambda a: a.reshape(-1)[0].reshape(()),
    "repeated": lambda a: np.broadcast_to(a[:1], a.shape),
    "overlapping itself": lambda a: np.lib.stride_tricks.as_strided(a.copy(), a.shape, (a.itemsize,) * a.ndim),
    "nan": lambda a: np.full_like(a, np.nan),
    "zeros": np.zeros_like,
}

JUNK = [
    None, True, False, 0, 1, -1, 2, 3, 6, 2**31, 2**70, -(2**70), 0.0, 0.5, 1e-5, -1e-5, 1e400, float("nan"), 1j, "a",
    "1", b"x", (), [], {}, set(), (1,), (0, 1), (1, 1), (-1, -2), [7], ("a",), (None,), ((1,),), (True, True),
    (True, False, True), (False, False), (False, False, False), [True, True, True], (1, 0, 1), range(2),
    np.True_, np.int64(1), np.uint8(2), np.float32(0.5), np.float64("nan"), np.str_("a"), object(), float, len,
    decimal.Decimal(1), fractions.Fraction(1, 8), np.array(1), np.array(1.0), np.array([]),
    np.zeros((0, 3), np.float32), np.ones((2, 2), bool), np.array(True), np.zeros((1,) * 64, np.float32),
    np.zeros(7, bool),
    np.broadcast_to(np.float32(0), (2**40, 8)), np.broadcast_to(np.float32(0), (3, 2**40)),
    np.broadcast_to(np.True_, (2**50, 8)), np.broadcast_to(np.float64(1), (2**59,)), np.empty((0, 2**59), np.float32),
]  # fmt: skip


class Call:
    """A call to be made any number of times, each time with arrays of its own.

    `options` are beside the case's own arguments; `changes` say, in their order, of which argument, how, and what.
    """

    def __init__(self, spec, case, options, changes):
        self.spec, self.case, self.options, self.changes = spec, case, options, changes

    def __repr__(self):
        meant = f"{self.spec.name} of {self.case.x.dtype} {self.case}, eps={self.case.eps}"
        return f"{meant}, {self.options}, {self.changes}"

    def arguments(self):
        arguments = {**self.spec.arguments(self.case), **self.options}
        arguments = {n: a.copy() if isinstance(a, np.ndarray) else a for n, a in arguments.items()}
        for name, how, what in self.changes:
            arguments[name] = _changed(arguments, name, how, what)
        return arguments


def _changed(arguments, name, how, what):
    value = arguments.get(name)
    if how == "junk":
        return JUNK[what]
    if how == "same as":
        return arguments.get(what)
    if how == "out":
        return _out(arguments, *what)
    if not _is_plain(value):
        return value
    if how == "near":  # in the memory of another, which may be written
        return _near(value, arguments.get(what))
    return what(value) if how == "dressed" else torn(value, what)


def _is_plain(value):
    """Whether it is an array that something can be done to: not a point, nor larger than any memory."""
    return isinstance(value, np.ndarray) and value.ndim and 0 < value.size <= 4 * MOST_VALUES


def torn(value, how):
    """The array torn in that way, where it can be."""
    if not _is_plain(value):
        return value
    try:
        with warnings.catch_warnings(action="ignore"):
            return TORN[how](value)
    except (TypeError, ValueError, IndexError, OverflowError):  # NumPy knows no such cast, or has no axis left
        return value


def _out(arguments, kind, dress):
    full = [arguments[name] for name in FULL_SIZED if isinstance(arguments.get(name), np.ndarray)]
    writable = [a for a in full if a.flags.writeable and 0 not in a.strides]
    if kind == "in place" and writable:
        return writable[0]
    x = arguments.get("x", arguments.get("summed"))
    if not isinstance(x, np.ndarray) or x.size > MOST_VALUES or x.dtype.kind not in "fV" or 0 in x.shape or not x.ndim:
        return None
    return dress(np.full(x.shape, 7, x.dtype))


def _near(value, other):
    """A copy of `value` that begins one element behind the beginning of `other`."""
    if not isinstance(other, np.ndarray) or not other.flags.c_contiguous or other.nbytes < 2 * value.itemsize:
        return value
    if "O" in (value.dtype.kind, other.dtype.kind):  # objects are no bytes
        return value
    room = np.lib.stride_tricks.as_strided(other.view(type=np.ndarray), other.shape, other.strides).reshape(-1)
    room = room.view(np.uint8)[value.itemsize :]
    fits = room.size >= value.nbytes
    return room[: value.nbytes].view(value.dtype).reshape(value.shape) if fits else value


# Strategies are slow to make: those that there are few of are kept.
one_of = cache(lambda *values: st.sampled_from(values))
permuted = cache(lambda n: st.permutations(range(n)))
size = st.integers(1, 9) | one_of(0, 16, 17, 33, 130)
shapes = {least: st.lists(size, min_size=least, max_size=5) | st.just([1] * 59 + [2, 1, 3, 2]) for least in (1, 2)}
outs = st.tuples(one_of("in place", "fresh"), one_of(np.copy, *LAYOUTS))


@st.composite
def meanings(draw, any_data):
    """An operation and a case of it, with nothing wrong."""
    spec, dtype = SPEC[draw(one_of(*SPEC))], draw(one_of(*DTYPES))
    norm = spec.norm
    shape = tuple(draw(shapes[2 if norm.has_channels else 1]))
    n = len(shape)
    assume(prod(shape) <= MOST_VALUES)
    axis = None
    if norm.has_channels:
        axis = draw(one_of(*range(-n, n)))
    elif not norm.has_residual:
        # A subset of the axes, some of them counted from the end.
        axis = tuple(a - n * draw(one_of(0, 0, 0, 1)) for a in draw(permuted(n))[: draw(one_of(*range(1, n + 1)))])
    assume(norm.fits(shape, axis) and (spec.name != "instance_norm_moving" or 0 not in shape))
    options = {"axis": axis, "given": draw(one_of(*GIVEN))}
    if dtype.itemsize == 2:
        options["parameters"] = draw(one_of(dtype, FLOAT32))
    if norm.has_channels and 0 not in shape:
        options["mask"] = draw(one_of(None, *MASKS))
    if draw(st.booleans()):
        options["order"] = tuple(draw(permuted(n)))
    case = norm.case(shape, dtype, draw(one_of(*kinds_of(dtype))) if any_data else "random", **options)
    if spec.takes("eps"):
        case = norm.settled(replace(case, eps=draw(one_of(1e-5, 1e-3, 1.0, *[1e-12, 0.0] * any_data))))
    if spec.takes("momentum"):
        case = replace(case, momentum=draw(one_of(0.1, 0.0, 1.0, 0.3)))
    return spec, case


@cache
def _wrong(names, arrays):
    one = [
        st.tuples(one_of(*names), st.just("junk"), st.integers(0, len(JUNK) - 1)),
        st.tuples(one_of(*arrays), st.just("torn"), one_of(*TORN)),
        st.tuples(one_of(*names), st.just("same as"), one_of(*names)),
        st.tuples(one_of(*arrays), st.just("near"), one_of(*names)),
    ]
    return st.lists(st.one_of(one), min_size=1, max_size=3)


@st.composite
def calls(draw, wrong):
    """A call in which something is `wrong`, or nothing."""
    spec, case = draw(meanings(any_data=not wrong))
    arguments = spec.arguments(case)
    arrays = tuple(name for name, value in arguments.items() if isinstance(value, np.ndarray))
    options = {"need": tuple(draw(st.booleans()) for _ in spec.results)} if spec.takes("need") else {}
    if spec.takes("axis") and spec.takes("dy") and case.weight is None:
        options["axis"] = case.geometry.reduced  # rstd alone does not say which axes of size 1 were reduced
    changes = []
    for name in dict.fromkeys(draw(one_of(*arrays)) for _ in range(2)):
        dress = draw(one_of(*DRESSED))
        if not (dress is read_only and name in spec.results):  # running statistics are to be moved
            changes.append((name, "dressed", dress))
    if spec.out and options.get("need", (True,))[0] and draw(st.booleans()):
        changes.append(("out", "out", draw(outs)))
    if wrong:
        names = tuple(n for n in parameters_of(spec.function) if spec.takes(n))
        changes += draw(_wrong(names, arrays))
    return Call(spec, case, options, tuple(changes))


__all__ = ["JUNK", "TORN", "Call", "calls", "one_of", "torn"]
