"""Calls that Hypothesis draws, each told by a few words: a failing one is read, shrunk and written down.

Numbers are made by rule from what was drawn. Half of the calls have arrays that a team of threads shares.
"""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from norms import DTYPES, FLOAT32, FLOAT64, GIVEN, LENGTHS, MASKS, SPEC
from simdnorm._selfcheck.cases import case_of
from simdnorm._selfcheck.formats import format_of
from simdnorm._selfcheck.norms import BATCH_NORM

FORK_BYTES = 2**18  # what is smaller is done by the caller's own thread
LARGE = (FORK_BYTES, FORK_BYTES, FORK_BYTES, 4 * FORK_BYTES, 36 * FORK_BYTES)  # the last goes past the caches
SMALL = (0,)

MOST_AXES = 4

# Most of them leave a spread that tells one order of summation from another. The last spreads are denormals of float16,
# float32 and float64.
MEANS = (0.0, 0.0, 1.0, -1e4, 1e8, 1e30)
SPREADS = (1.0, 1.0, 1.0, 1e-3, 0.0, 1e30, 1e-6, 1e-40, 1e-310)
SPECIALS = (np.nan, np.inf, -np.inf, -0.0, 1e30, 1e-40)
PERIOD = 65521  # a prime, after which the numbers begin again: rows of common lengths stay different


def examples(few):
    """So many calls; SIMDNORM_TEST_TIMES=n draws n times as many."""
    return settings(
        max_examples=few * int(os.environ.get("SIMDNORM_TEST_TIMES", "1")),
        deadline=None,  # a busy machine is no failure
        derandomize=False,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def samples_may_be_apart(spec):
    """Whether there are axes along which each sample is normalized by itself."""
    given = "batch_norm_running", "batch_norm_backward_frozen", "batch_norm_apply", "batch_norm_backward_apply"
    return spec.norm is not BATCH_NORM or spec.name in given


@dataclass(frozen=True)
class Numbers:
    """Normal numbers about a mean, with a special one here and there."""

    seed: int
    mean: float
    spread: float
    special: float | None = None

    def array(self, shape, dtype):
        rng = np.random.default_rng(self.seed)
        largest = float(format_of(dtype).largest) / 8
        numbers = self.mean + self.spread * rng.standard_normal(min(prod(shape), PERIOD))
        array = np.resize(np.clip(numbers, -largest, largest).astype(dtype), shape)
        if self.special is not None:
            array.reshape(-1)[rng.integers(0, array.size, size=3)] = self.special
        return array


def numbers():
    return st.builds(
        Numbers,
        st.integers(0, 2**16),
        st.sampled_from(MEANS),
        st.sampled_from(SPREADS),
        st.none() | st.sampled_from(SPECIALS),
    )


@dataclass(frozen=True)
class Memory:
    """How an array may lie: its axes in any order, steps along each, and an offset in bytes."""

    axes: tuple[int, ...]
    steps: tuple[int, ...]
    offset: int

    def view(self, a):
        """The values of `a`, lying so."""
        axes = [axis for axis in self.axes if axis < a.ndim]
        steps = [self.steps[axis] for axis in axes]
        wide = [a.shape[axis] * abs(step) for axis, step in zip(axes, steps, strict=True)]
        room = np.zeros(int(np.prod(wide)) * a.itemsize + self.offset, np.uint8)[self.offset :]
        taken = room.view(a.dtype).reshape(wide)[tuple(slice(None, None, step) for step in steps)]
        view = taken.transpose(np.argsort(axes)) if a.ndim else taken
        view[...] = a
        return view


def memories():
    return st.builds(
        Memory,
        st.permutations(range(MOST_AXES)).map(tuple),
        st.tuples(*[st.sampled_from([1, 2, -1, -2])] * MOST_AXES),
        st.sampled_from([0, 1, 2, 4, 8, 24]),
    )


@dataclass(frozen=True)
class Call:
    """One call of an operation."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    axis: int | tuple[int, ...] | None
    order: tuple[int, ...] | None  # of the axes of all arrays of the size of x, in memory
    mask: str | None
    given: str
    parameters: np.dtype
    eps: float
    x: Numbers
    dy: Numbers

    @property
    def spec(self):
        return SPEC[self.name]

    @property
    def large(self):
        """Whether a team is made for it."""
        return np.prod(self.shape) * self.dtype.itemsize > FORK_BYTES

    @property
    def leader(self):
        """The array whose place in memory decides how the others are read."""
        return "x" if self.spec.takes("x") else "summed"

    @property
    def samples_apart(self):
        """Whether each position along the first axis is normalized by itself."""
        geometry = self.spec.norm.see(self.shape, self.axis)
        if not self.spec.norm.has_channels:
            return 0 not in geometry.reduced
        return 0 not in geometry.along

    @cached_property
    def case(self):
        """All that an operation of this norm can be given; saved statistics are those of its own forward pass."""
        norm = self.spec.norm
        options = {"axis": self.axis, "order": self.order, "mask": self.mask, "given": self.given}
        with np.errstate(all="ignore"):
            x, dy = (numbers.array(self.shape, self.dtype) for numbers in (self.x, self.dy))
            case = case_of(norm.see, x, parameters=self.parameters, residual=norm.has_residual, **options)
            dy = dy if case.mask is None else np.where(case.mask, dy, dy.dtype.type(np.nan))
            case = replace(case, dy=self.lying(dy), eps=self.eps)
            saved = SPEC[f"{norm.name}_forward"].call(case)
            saved = {name: saved[name] for name in ("mean", "rstd") if name in saved}
            return replace(case, exact=saved, **saved)

    @cached_property
    def arguments(self):
        with np.errstate(all="ignore"):
            return self.spec.arguments(self.case)

    def lying(self, a):
        """The values of `a` in the order of memory that the call has."""
        if self.order is None:
            return np.ascontiguousarray(a)
        return np.ascontiguousarray(a.transpose(self.order)).transpose(np.argsort(self.order))


@st.composite
def shapes(draw, fewest_axes, itemsize, sizes):
    """Small axes, one of a length about that of vectors, and one so long that the whole has the least bytes."""
    shape = draw(st.lists(st.integers(1, 5), min_size=fewest_axes, max_size=MOST_AXES))
    any_axis = st.integers(0, len(shape) - 1)
    shape[draw(any_axis)] = draw(st.sampled_from((*LENGTHS, 3, 64, 300)))
    grown, more = draw(any_axis), draw(st.integers(0, 3))
    least = draw(st.sampled_from(sizes))
    others = prod(shape) // shape[grown] * itemsize
    shape[grown] = max(shape[grown], least // others + 1 + more if least else 0)
    return tuple(shape)


def orders(axes):
    """Orders of memory: none in particular, channels moved to the end or back, or any."""
    last = axes - 1
    moved = [(0, *range(2, axes), 1), (0, last, *range(1, last))] if axes > 2 else []
    return st.sampled_from([None, *moved]) | st.permutations(range(axes)).map(tuple)


@st.composite
def calls(draw, spec, sizes=(*5 * SMALL, *LARGE)):
    norm, dtype = spec.norm, draw(st.sampled_from((*DTYPES, FLOAT64)))  # which shows what others round away
    shape = draw(shapes(2 if norm.has_channels else 1, dtype.itemsize, sizes))
    if norm.has_residual:
        axis = None
    elif norm.has_channels:
        axis = draw(st.sampled_from([None, -1, 0]))
    else:
        axis = draw(st.none() | st.sets(st.integers(0, len(shape) - 1), min_size=1).map(lambda a: tuple(sorted(a))))
    assume(norm.fits(shape, axis))
    return Call(
        spec.name,
        dtype,
        shape,
        axis,
        draw(orders(len(shape))),
        draw(st.sampled_from([None, *MASKS])) if spec.takes("mask") else None,
        draw(st.sampled_from(GIVEN)),
        draw(st.sampled_from([dtype, FLOAT32])) if dtype.itemsize == 2 else dtype,
        draw(st.sampled_from([1e-5, 0.0, 1.0])),
        draw(numbers()),
        draw(numbers()),
    )
