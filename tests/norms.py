"""What the tests run over: every norm and operation of the one spec list, in every dtype, and how results compare."""

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from unittest import mock

import numpy as np
import pytest

import simdnorm
from simdnorm import _backend, _fallback
from simdnorm._selfcheck import norms, plan
from simdnorm._selfcheck.cases import GIVEN, Case
from simdnorm._selfcheck.check import errors
from simdnorm._selfcheck.data import kinds_of
from simdnorm._selfcheck.masks import MASKS
from simdnorm._selfcheck.norms import NORMS, Norm
from simdnorm._selfcheck.spec import Spec, worst_of
from simdnorm._selfcheck.specs import SPEC, SPECS

DTYPES = plan.dtypes()
FLOAT32, FLOAT64 = DTYPES[:2]
SIXTEEN_BITS = DTYPES[2:]
NATIVE_ISAS = simdnorm.available_isas() if simdnorm.backend() == "native" else []
ISAS = ["numpy", *NATIVE_ISAS]

LAYER_NORM = [spec for spec in SPECS if spec.norm is norms.LAYER_NORM]
BATCH_NORM = [spec for spec in SPECS if spec.norm is norms.BATCH_NORM]


def _each(name, values):
    return pytest.mark.parametrize(name, values, ids=lambda value: getattr(value, "name", str(value)))


each_norm = _each("norm", NORMS)
each_row_norm = _each("norm", [norm for norm in NORMS if not norm.has_channels])
each_masked_norm = _each("norm", [norm for norm in NORMS if norm.has_channels])
each_spec = _each("spec", SPECS)
each_dtype = _each("dtype", DTYPES)
each_sixteen_bits = _each("dtype", SIXTEEN_BITS)
each_dtype_and_kind = pytest.mark.parametrize(
    ("dtype", "kind"), [(dtype, kind) for dtype in DTYPES for kind in kinds_of(dtype)], ids=str
)
with_out = _each("spec", [spec for spec in SPECS if spec.out])
needs_native = pytest.mark.skipif(not NATIVE_ISAS, reason="the native kernels are not installed")
SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")  # tests/sanitize_python.sh runs them

LANES = 16  # of float32 and of what is computed in it; float64 has half as many
LENGTHS = (1, 2, LANES - 1, LANES, LANES + 1, 4 * LANES // 3, 8 * LANES + 2)
ROW_LAYOUTS = [
    *(((3, n), {}) for n in LENGTHS),
    ((67, 130), {}),
    ((2, 5000), {}),
    ((3, 5, 33), {"axis": (1, 2)}),
    ((3, 33, 5), {"axis": 1}),  # LayerNorm over the channels of (N, C, L)
    ((2, 3, 17, 20), {"axis": (0, 2)}),  # reduced and kept axes in turns
    ((3, 18, 4, 5), {"axis": 1, **plan.NHWC}),
    ((3, 4, 5, 18), {"axis": -1, "order": (0, 3, 1, 2)}),  # NCHW memory behind an NHWC view
]
CHANNEL_LAYOUTS = [
    *(((5, n), {}) for n in (1, LANES - 1, LANES + 1, 8 * LANES + 2)),
    ((600, 3), {}),  # narrow, many rows
    ((127, 20), {}),
    ((1024, 4, 2), {}),  # many short segments
    ((1024, 3, 3), {}),
    ((100, 6, 16), {}),
    ((3, 5, 1), {}),
    ((2, 4, LANES + 1), {}),
    ((4, 6, 5, 7), {}),
    ((2, 2, 3, 4, 5), {}),
    ((2, 2, 3000), {}),  # long channels
    ((3, 70, LANES + 4), {"axis": -1}),  # (N, L, C)
    ((3, 4, 5, 8 * LANES + 2), {"axis": -1}),
    ((2, 3, 4, 5, 6), {"axis": -1}),  # NDHWC
    ((2, 18, 4, 5), plan.NHWC),
    ((3, 4, 5, 18), {"axis": -1, "order": (0, 3, 1, 2)}),
    ((6, 3, 4, 5), {"axis": 0}),
]

# Enough work for a team even in 16 bits: many rows, few long rows, many values per channel, many channels.
BIG_ROWS = [((1500, 130), {}), ((3, 60_000), {}), ((1, 150_001), {}), ((20, 33, 250), {"axis": 1})]
BIG_CHANNELS = [
    ((64, 9, 256), {}),
    ((5000, 33), {}),
    ((4, 700, 50), {}),
    ((3, 2, 25_001), {}),
    ((9, 300, 60), {"axis": -1}),
]


def layouts_of(norm: Norm):
    return plan.layouts_of(norm, ROW_LAYOUTS, CHANNEL_LAYOUTS)


@cache
def big_cases(norm: Norm, dtype):
    """Cases with enough work for several threads; made once, for every test that needs them."""
    layouts = plan.layouts_of(norm, BIG_ROWS, BIG_CHANNELS)
    return list(plan.cases(norm, dtype, layouts, ["random"]))


def small_case(spec: Spec | Norm, dtype=FLOAT32, kind="random", **options) -> Case:
    """A case that is large enough to have tails, channels, groups and several rows in every result."""
    norm = spec.norm if isinstance(spec, Spec) else spec
    return norm.case((4, 6, 3, 7) if norm.has_channels else (6, 37), dtype, kind, **options)


def specs_of(norm: Norm):
    return [spec for spec in SPECS if spec.norm is norm]


@contextmanager
def using(isa):
    """The fallback, or the kernels of an instruction set, for a while."""
    if isa == "numpy":
        with mock.patch.multiple(_backend, kernels=_fallback, name="numpy"):
            yield
    else:
        with simdnorm.use_isa(isa):
            yield


def _comparable(value):
    """NumPy compares NaN of its own types only."""
    return value.astype(np.float32) if value.dtype.itemsize == 2 else value


def assert_equal(actual, expected, what=""):
    """Equal values of one dtype; a NaN equals any NaN, and None is None."""
    if expected is None or actual is None:
        assert actual is expected, what
        return
    assert actual.dtype == expected.dtype, what
    np.testing.assert_array_equal(_comparable(actual), _comparable(expected), err_msg=what)


def assert_same(actual, expected, what=""):
    """Equal to the last bit, the sign of zeros included; a NaN equals any NaN."""
    assert_equal(actual, expected, what)
    if expected is not None:
        signs = (np.signbit(value) & ~np.isnan(value) for value in (actual, expected))
        np.testing.assert_array_equal(*signs, err_msg=f"signs of {what}")


def assert_same_bits(actual: dict, expected: dict):
    """Every result is the same to the last bit."""
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert_same(actual[name], value, name)


def assert_within_bound(actual: dict, expected: dict, where=""):
    """Every result is of the expected dtype, and as close as its bound says."""
    assert actual.keys() == expected.keys()
    for name, entry in expected.items():
        _assert_small(*worst_of(entry, actual[name]), f"{name} {where}")


def assert_keeps_the_bound(spec: Spec, case: Case):
    """The operation keeps its bounds on the fallback and on every instruction set of this machine."""
    for isa, name, of_bound, places in errors(spec, case, ISAS, using):
        _assert_small(of_bound, places, f"{name} of {spec.name} of {case} on {isa}")


def _assert_small(of_bound, places, what):
    assert of_bound <= 1, f"{what} is off by {of_bound:.3g} times its bound ({places:.3g} units in the last place)"


def layer_norm_into(queue, x):
    """What a child process runs: importable by name, as spawn asks for."""
    queue.put(simdnorm.layer_norm(x, x.shape[-1]))


def run_python(code, **environment):
    """Run `code` in a fresh interpreter that sees the simdnorm of this one."""
    path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


__all__ = ["GIVEN", "MASKS", "SPEC"]
