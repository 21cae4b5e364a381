"""No kernel reads or writes a byte outside its arrays: memory that nobody may touch lies at both their ends."""

import ctypes
import functools
import mmap

import numpy as np
import pytest

import simdnorm
from norms import NATIVE_ISAS, each_dtype, each_norm, needs_native, run_python, specs_of
from simdnorm._selfcheck.plan import cases

PROT_NONE = 0
ROOM = 4 * mmap.PAGESIZE
# One page is before the arrays or behind them. What a kernel reads too much lies behind them as a rule.
LENGTHS = {"end": range(131), "start": (0, 1, 7, 16, 17, 33, 130)}


class Fenced:
    """Memory between two pages without access; an array in it touches one of them."""

    def __init__(self):
        self._map = mmap.mmap(-1, ROOM + 2 * mmap.PAGESIZE)
        self.bytes = np.frombuffer(self._map, np.uint8)
        mprotect = ctypes.CDLL(None, use_errno=True).mprotect
        mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for page in (0, mmap.PAGESIZE + ROOM):
            assert mprotect(self.bytes.ctypes.data + page, mmap.PAGESIZE, PROT_NONE) == 0

    def copy(self, a, at_end):
        first = mmap.PAGESIZE + (ROOM - a.nbytes if at_end else 0)
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


def test_the_fences_hold():
    code = "from test_guard_page import *; fence = Fenced(); fence.bytes[{}]"
    first, last = mmap.PAGESIZE, mmap.PAGESIZE + ROOM - 1
    for byte, crashes in ((first, False), (last, False), (first - 1, True), (last + 1, True)):
        assert (run_python(code.format(byte)).returncode < 0) == crashes
