"""The caller's rounding mode, flush-to-zero and denormals-are-zero change no bit of any operation, and stay as set."""

import ctypes
import platform
from contextlib import contextmanager

import numpy as np
import pytest

import simdnorm
from drawn import FORK_BYTES
from norms import FLOAT32, NATIVE_ISAS, assert_same_bits, each_dtype, each_spec, needs_native
from simdnorm._selfcheck.formats import format_of, unit_roundoff

pytestmark = [
    needs_native,
    pytest.mark.skipif(
        platform.system() != "Linux" or platform.machine() != "x86_64",
        reason="the layout of fenv_t is known for glibc on x86-64; the C++ tests have the others",
    ),
]

FULL = ("x", "dy", "residual", "dsummed", "summed")

MXCSR = 7  # the word of glibc's fenv_t that holds it
FLUSH_TO_ZERO, DENORMALS_ARE_ZERO = 0x8000, 0x0040
DOWNWARD, UPWARD, TOWARD_ZERO = 0x2000, 0x4000, 0x6000
STICKY = 0x3F  # flags of what has happened, not settings


def _environment():
    words = (ctypes.c_uint32 * 8)()
    assert ctypes.CDLL("libm.so.6").fegetenv(words) == 0
    return words


@contextmanager
def _mxcsr(bits):
    """Add bits to the register for a while, and see that they are still there at the end."""
    libm = ctypes.CDLL("libm.so.6")
    before, changed = _environment(), _environment()
    changed[MXCSR] |= bits
    assert libm.fesetenv(changed) == 0
    try:
        yield
        after = _environment()[MXCSR]
    finally:
        assert libm.fesetenv(before) == 0
    assert after & ~STICKY == changed[MXCSR] & ~STICKY


def _with_denormals(arguments, dtype):
    """The same, so small that every other value of full size is a denormal number, and y without a bias."""
    tiny = dtype.type(2 * unit_roundoff(dtype) ** -1 * format_of(dtype).tiny)  # the smallest number that is none
    small = {n: v * tiny for n, v in arguments.items() if n in FULL and v is not None}
    if "mean" in arguments:
        small["mean"] = arguments["mean"] * arguments["mean"].dtype.type(tiny)
    if arguments.get("bias") is not None:
        small["bias"] = np.zeros_like(arguments["bias"])
    return {**arguments, **small}


def _arguments(spec, case):
    """Made before the settings change: NumPy's arithmetic follows them, casts to wider types included."""
    arguments = spec.arguments(case)
    if spec.in_parts:
        arguments |= {name: arguments[name].astype(np.float64) for name in ("mean", "rstd") if name in arguments}
    return arguments


@each_dtype
@each_spec
@pytest.mark.parametrize("bits", [FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, DOWNWARD, UPWARD, TOWARD_ZERO], ids=hex)
def test_the_callers_float_environment_changes_no_bit_and_stays(spec, dtype, bits):
    # Running statistics in 16 bits are widened and rounded by NumPy, whose arithmetic follows the settings.
    parameters = {"parameters": FLOAT32} if dtype.itemsize == 2 and "running_mean" in spec.results else {}
    shapes = [(3, 17), (4, 6, 35), (5, 4, 33)] if spec.norm.has_channels else [(3, 17), (67, 130)]
    for shape in shapes:
        if not spec.norm.fits(shape):
            continue
        for mask in (None, "scattered") if spec.takes("mask") else (None,):
            arguments = _arguments(spec, spec.case(shape, dtype, mask=mask, **parameters))
            for given in (arguments, _with_denormals(arguments, dtype)):
                for isa in NATIVE_ISAS:
                    with simdnorm.use_isa(isa):
                        expected = spec.called_with(given)
                        with _mxcsr(bits):
                            actual = spec.called_with(given)
                    assert_same_bits(actual, expected)


@contextmanager
def _mxcsr_of_a_team(bits, members):
    """Add bits to the register of every member, as the work of another library may have left them."""
    parallel = ctypes.CDLL(simdnorm.runtime.config()["openmp_library"]).GOMP_parallel
    fesetenv = ctypes.cast(ctypes.CDLL("libm.so.6").fesetenv, ctypes.c_void_p)
    before, changed = _environment(), _environment()
    changed[MXCSR] |= bits
    parallel(fesetenv, changed, members, 0)
    try:
        yield
    finally:
        parallel(fesetenv, before, members, 0)


@each_spec
@pytest.mark.parametrize("bits", [FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, UPWARD], ids=hex)
def test_the_float_environment_of_the_members_of_a_team_changes_no_bit(spec, bits):
    case = spec.case((40, 7, 300) if spec.norm.has_channels else (70, 1100), FLOAT32)
    assert case.x.nbytes > FORK_BYTES
    arguments = _arguments(spec, case)
    for given in (arguments, _with_denormals(arguments, FLOAT32)):
        for isa in NATIVE_ISAS:
            with simdnorm.use_isa(isa), simdnorm.threads(3):
                expected = spec.called_with(given)
                with _mxcsr_of_a_team(bits, 3):
                    actual = spec.called_with(given)
            assert_same_bits(actual, expected)


def test_the_settings_of_these_tests_would_change_bits():
    a, tiny = np.float32(1) + np.zeros(64, np.float32), np.full(64, 1e-40, np.float32)
    third = a / np.float32(3)
    with _mxcsr(DOWNWARD):
        downward = a / np.float32(3)
    with _mxcsr(FLUSH_TO_ZERO | DENORMALS_ARE_ZERO):
        flushed = tiny * a
    assert (downward < third).all() and (flushed == 0).all() and (tiny * a != 0).all()
