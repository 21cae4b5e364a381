"""No kernel reads or writes a byte outside its arrays: memory that nobody may touch lies at both their ends."""

import ctypes
import functools
import mmap

import numpy as np
import pytest

import simdnorm
from norms import LAYER_NORM, NATIVE_ISAS, SPECS, each_dtype, needs_native, run_python

PROT_NONE = 0
ROOM = 4 * mmap.PAGESIZE
SHAPES = [(3, n) for n in range(131)]
INNER_SHAPES = [(2, 2, n) for n in range(1, 131)]


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


@functools.cache
def _call_of(spec, shape, dtype):
    case = spec.case(shape, dtype, "random")
    arrays = {n: v for n, v in spec.arguments(case).items() if isinstance(v, np.ndarray) and v.dtype == dtype}
    options = {name: value for name, value in spec.arguments(case).items() if name not in arrays}
    return case.x, arrays, options


@needs_native
@pytest.mark.parametrize("at_end", [True, False], ids=["end", "start"])
@each_dtype
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("isa", NATIVE_ISAS)
def test_nothing_outside_the_arrays_is_touched(isa, spec, dtype, at_end):
    fences: dict[str, Fenced] = {}

    def fenced(name, a):
        return fences.setdefault(name, Fenced()).copy(a, at_end)

    for shape in SHAPES if spec in LAYER_NORM else SHAPES + INNER_SHAPES:
        x, arrays, options = _call_of(spec, shape, dtype)
        inside = {name: fenced(name, value) for name, value in arrays.items()}
        out = {"out": fenced("out", np.zeros_like(x))} if spec.out else {}
        with simdnorm.use_isa(isa):
            spec.function(**inside, **options, **out)  # a step outside ends the process


def test_the_fences_hold():
    code = "from test_guard_page import *; fence = Fenced(); fence.bytes[{}]"
    first, last = mmap.PAGESIZE, mmap.PAGESIZE + ROOM - 1
    for byte, crashes in ((first, False), (last, False), (first - 1, True), (last + 1, True)):
        assert (run_python(code.format(byte)).returncode < 0) == crashes
