"""bfloat16 in the fallback, bit by bit: as ml_dtypes has it, and rounded once from any width."""

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from simdnorm._fallback.bits import decoded, encoded

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
ALL = np.arange(2**16, dtype=np.uint16)
HALVES = (
    0x0000,
    0x0001,
    0x7FFF,
    0x8000,
    0x8001,
    0xFFFF,
)  # lower halves: on the number, beside it, at the tie and beside


def _same_bits(actual, expected):
    np.testing.assert_array_equal(actual.view(np.uint16), expected.view(np.uint16), strict=True)


def test_every_bfloat16_decodes_to_its_number():
    expected = ALL.view(BFLOAT16).astype(np.float32)
    np.testing.assert_array_equal(decoded(ALL), expected, strict=True)
    np.testing.assert_array_equal(np.signbit(decoded(ALL)), np.signbit(expected))


def test_every_bfloat16_comes_back_from_its_number_but_for_signalling_nans():
    quiet = np.where(np.isnan(decoded(ALL)), ALL | 0x0040, ALL).astype(np.uint16)
    _same_bits(encoded(decoded(ALL)), quiet)


@pytest.mark.parametrize("lower", HALVES)
def test_float32_rounds_to_nearest_even_denormals_and_overflow_included(lower):
    a = (ALL.astype(np.uint32) << 16 | lower).view(np.float32)
    number = ~np.isnan(a)
    _same_bits(encoded(a)[number], a[number].astype(BFLOAT16))
    nans = encoded(a)[~number]
    np.testing.assert_array_equal(nans & 0x7FC0, 0x7FC0)  # NaN, and quiet
    np.testing.assert_array_equal(nans & 0x8000, ALL[~number] & 0x8000)


@pytest.mark.parametrize("wide", [np.float64, np.longdouble])
def test_a_wider_number_is_rounded_once(wide):
    # Half way between two neighbours is a tie; the least that lies beside it is no tie, although a float32 between
    # would make it one.
    below = np.arange(0x7F7F, dtype=np.uint16)
    numbers = [decoded(bits).astype(wide) for bits in (below, below + 1)]
    half_way = (numbers[0] + numbers[1]) / 2
    even = (below + (below & 1)).astype(np.uint16)
    for sign, bit in ((1, 0), (-1, 0x8000)):
        _same_bits(encoded(sign * half_way), even | np.uint16(bit))
        _same_bits(encoded(sign * np.nextafter(half_way, wide(0))), below | np.uint16(bit))
        _same_bits(encoded(sign * np.nextafter(half_way, wide(np.inf))), below + np.uint16(1 | bit))


@pytest.mark.parametrize(
    ("number", "bits"),
    [
        (3.4e38, 0x7F80),  # above the largest, by more than half a unit
        (1e308, 0x7F80),
        (np.inf, 0x7F80),
        (2.0**-133, 0x0001),
        (2.0**-134, 0x0000),  # a tie
        (2.0**-134 * (1 + 2.0**-52), 0x0001),
        (5e-324, 0x0000),
        (0.0, 0x0000),
    ],
)
def test_float64_at_the_ends_of_the_range(number, bits):
    assert encoded(np.array([number, -number])).tolist() == [bits, bits | 0x8000]


def test_numbers_are_encoded_without_ml_dtypes():
    program = (
        "import sys, numpy as np; from simdnorm._fallback.bits import encoded; "
        "assert encoded(np.ones(1)) == 0x3F80; assert 'ml_dtypes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
