"""No kernel reads or writes a byte outside its arrays: memory that nobody may touch lies at both their ends."""

import ctypes
import functools
import mmap

import numpy as np
import pytest

import simdnorm
from layouts import FULL_SIZED
from norms import (
    FLOAT32,
    NATIVE_ISAS,
    SIXTEEN_BITS,
    each_dtype,
    each_norm,
    each_spec,
    needs_native,
    run_python,
    small_case,
    specs_of,
)
from simdnorm._selfcheck.plan import cases

PROT_NONE = 0
ROOM = 4 * mmap.PAGESIZE
# One page is before the arrays or behind them. What a kernel reads too much lies behind them as a rule.
LENGTHS = {"end": range(131), "start": (0, 1, 7, 16, 17, 33, 130)}


class Fenced:
    """Memory between two pages without access; an array in it touches one of them."""

    def __init__(self, room=ROOM):
        self._room = room = -(-room // mmap.PAGESIZE) * mmap.PAGESIZE
        self._map = mmap.mmap(-1, room + 2 * mmap.PAGESIZE)
        self.bytes = np.frombuffer(self._map, np.uint8)
        mprotect = ctypes.CDLL(None, use_errno=True).mprotect
        mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for page in (0, mmap.PAGESIZE + room):
            assert mprotect(self.bytes.ctypes.data + page, mmap.PAGESIZE, PROT_NONE) == 0

    def copy(self, a, at_end):
        first = mmap.PAGESIZE + (self._room - a.nbytes if at_end else 0)
        view = self.bytes[first : first + a.nbytes].view(a.dtype).reshape(a.shape)
        view[...] = a
        return view


def _shapes(norm, lengths):
    """Rows and columns of every length: the last axis is contiguous, whatever it is to the norm."""
    for n in lengths:
        if not norm.has_channels:
            yield (3, n), {}
            if norm.fits((2, 3, n), 1) and n % 5 == 0:
                yield (2, 3, n), {"axis": 1}
        else:
            yield from (
                (shape, options)
                for shape, options in (((3, n), {}), ((2, 2, n), {}), ((2, 2, n), {"axis": -1}))
                if norm.fits(shape, options.get("axis")) and (n or shape == (3, n))
            )


@functools.cache
def _cases(norm, dtype, lengths):
    """Cases whose parameters, masks and even gradients take turns."""
    return [
        case
        for turn, layout in enumerate(_shapes(norm, LENGTHS[lengths]))
        for case in cases(norm, dtype, [layout], ["random"], first=turn)
    ]


@needs_native
@pytest.mark.parametrize("lengths", LENGTHS)
@each_dtype
@each_norm
def test_nothing_outside_the_arrays_is_touched(norm, dtype, lengths):
    fences: dict[str, Fenced] = {}

    def fenced(name, a):
        return fences.setdefault(name, Fenced()).copy(a, lengths == "end")

    for case in _cases(norm, dtype, lengths):
        for spec in specs_of(norm):
            arguments = spec.arguments(case)
            inside = {n: fenced(n, v) for n, v in arguments.items() if isinstance(v, np.ndarray)}
            out = {"out": fenced("out", np.zeros_like(case.x))} if spec.out else {}
            for isa in NATIVE_ISAS:
                with simdnorm.use_isa(isa):
                    spec.called_with({**arguments, **inside, **out})  # a step outside ends the process


def _large(spec, dtype):
    """Arguments of any values for arrays of odd sizes, so large that results are written past the caches."""
    n = 2**23 // dtype.itemsize  # so many elements of x and y are twice what the caches are taken for
    shapes = {(n // 1000 + 1, 1033): None, (3, n // 2 + 1): None}
    if spec.norm.has_channels:
        shapes = {(5, 7, n // 33): 1, (3, n // 3000, 1033): -1}
    small = spec.arguments(small_case(spec, dtype))
    for shape, axis in shapes.items():
        seen = spec.norm.see(shape, axis)
        running = spec.statistics == "running" or spec.in_parts
        sizes = dict.fromkeys(FULL_SIZED, shape)
        sizes |= dict.fromkeys(("mean", "rstd"), seen.parameters if running else seen.statistics)
        yield {
            **small,
            **{name: np.resize(v, sizes.get(name, seen.parameters)) for name, v in small.items() if _is_array(v)},
            **{name: value for name, value in seen.words.items() if spec.takes(name)},
            **({"count": np.full(seen.parameters, n)} if spec.takes("count") else {}),
        }


def _is_array(value):
    return isinstance(value, np.ndarray)


@needs_native
@pytest.mark.parametrize("dtype", [FLOAT32, SIXTEEN_BITS[-1]], ids=str)
@each_spec
def test_what_is_written_past_the_caches_stays_inside_the_arrays(spec, dtype):
    for arguments in _large(spec, dtype):
        x = arguments.get("x", arguments.get("summed"))
        arrays = {name: value for name, value in arguments.items() if _is_array(value)}
        arrays |= {"out": x} if spec.out else {}
        fences = {name: Fenced(value.nbytes) for name, value in arrays.items()}
        for at_end in (False, True):
            inside = {name: fences[name].copy(value, at_end) for name, value in arrays.items()}
            for isa in NATIVE_ISAS:
                with simdnorm.use_isa(isa):
                    spec.called_with({**arguments, **inside})


def test_the_fences_hold():
    code = "from test_guard_page import *; fence = Fenced(); fence.bytes[{}]"
    first, last = mmap.PAGESIZE, mmap.PAGESIZE + ROOM - 1
    for byte, crashes in ((first, False), (last, False), (first - 1, True), (last + 1, True)):
        assert (run_python(code.format(byte)).returncode < 0) == crashes
