"""The caller's rounding mode, flush-to-zero and denormals-are-zero change no bit of any operation, and stay as set."""

import ctypes
import platform
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

import simdnorm
from norms import NATIVE_ISAS, assert_same_bits, each_dtype, each_spec, needs_native, shapes_of

pytestmark = [
    needs_native,
    pytest.mark.skipif(
        platform.system() != "Linux" or platform.machine() != "x86_64",
        reason="the layout of fenv_t is known for glibc on x86-64; the C++ tests have the others",
    ),
]

PARTS = (simdnorm.batch_norm_apply, simdnorm.batch_norm_backward_sums, simdnorm.batch_norm_backward_apply)

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


def _with_denormals(case):
    """The same case, so small that every other value of x and dy is a denormal number, and y without a bias."""
    tiny = np.finfo(case.x.dtype).smallest_normal
    return replace(case, x=case.x * tiny, dy=case.dy * tiny, mean=case.mean * tiny, bias=np.zeros_like(case.bias))


def _arguments(spec, case):
    """Made before the settings change: NumPy's arithmetic follows them, casts of float32 statistics included."""
    arguments = spec.arguments(case)
    if spec.function in PARTS:
        arguments |= {name: arguments[name].astype(np.float64) for name in ("mean", "rstd") if name in arguments}
    return arguments


@each_dtype
@each_spec
@pytest.mark.parametrize("isa", NATIVE_ISAS)
@pytest.mark.parametrize("bits", [FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, DOWNWARD, UPWARD, TOWARD_ZERO], ids=hex)
def test_the_callers_float_environment_changes_no_bit_and_stays(isa, spec, dtype, bits):
    for shape in (shapes_of(spec)[4], shapes_of(spec)[-2]):
        for case in (spec.case(shape, dtype), _with_denormals(spec.case(shape, dtype))):
            arguments = _arguments(spec, case)
            with simdnorm.use_isa(isa):
                expected = spec.called_with(arguments)
                with _mxcsr(bits):
                    actual = spec.called_with(arguments)
            assert_same_bits(actual, expected)


def test_the_settings_of_these_tests_would_change_bits():
    a, tiny = np.float32(1) + np.zeros(64, np.float32), np.full(64, 1e-40, np.float32)
    third = a / np.float32(3)
    with _mxcsr(DOWNWARD):
        downward = a / np.float32(3)
    with _mxcsr(FLUSH_TO_ZERO | DENORMALS_ARE_ZERO):
        flushed = tiny * a
    assert (downward < third).all() and (flushed == 0).all() and (tiny * a != 0).all()
