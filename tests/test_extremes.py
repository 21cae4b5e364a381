"""The accuracy bound holds at the ends of the range, for any ratio of mean to spread, and where hardly a value differs.

Data are rounded to their type first: where that leaves no digits, the right answer is that of what it left.
"""

import numpy as np
import pytest

from norms import DTYPES, SPEC, assert_keeps_the_bound, each_dtype, each_norm, specs_of
from simdnorm._selfcheck.formats import format_of

LENGTHS = [2, 17, 130, 1000]
each_eps = pytest.mark.parametrize("eps", [0.0, 1e-5])


def _assert_keeps_the_bound_both_ways(norm, rows, eps):
    """Of four rows; or of the four channels of two samples, that lie first and last."""
    cases = [rows]
    if norm.has_channels:
        samples = np.stack([rows, rows[:, ::-1]])
        cases = [samples, np.ascontiguousarray(samples.swapaxes(1, 2))]
    for axis, x in zip((None, -1), cases, strict=False):
        case = norm.case_of(x, axis=axis, eps=eps)
        assert_keeps_the_bound(SPEC[f"{norm.name}_forward"], case)
        if np.isfinite(case.rstd).all():  # nothing is promised of an infinite one
            for spec in (SPEC[f"{norm.name}_backward"], *(spec for spec in specs_of(norm) if spec.in_parts)):
                assert_keeps_the_bound(spec, case)


def _normal(n):
    return np.random.default_rng(n).standard_normal((4, n))


@each_eps
@each_dtype
@each_norm
def test_a_mean_of_any_size_beside_the_spread_keeps_the_bound(norm, dtype, eps):
    for ratio in (1e2, 1e4, 1e6, 1e8):
        for spread in (1, 1e-3):
            if ratio * spread < format_of(dtype).largest / 2:
                rows = (spread * (_normal(1000) - ratio)).astype(dtype)
                _assert_keeps_the_bound_both_ways(norm, rows, eps)


@pytest.mark.parametrize("name", ["rms_norm", "layer_norm"])
def test_the_worst_of_many_short_rows_keeps_the_bound(name):
    spec = SPEC[f"{name}_backward"]
    for n in (2, 3, 4):  # so few values that all roundings of a row go one way somewhere
        x = np.random.default_rng(0).uniform(-0.5, 1.5, (200_000, n)).astype(np.float32)
        assert_keeps_the_bound(spec, spec.norm.case_of(x))


@each_eps
@each_dtype
@each_norm
def test_one_value_that_differs_by_one_unit_in_the_last_place_keeps_the_bound(norm, dtype, eps):
    for n in LENGTHS:
        for value in (1.0, -0.1, 3e4, 1e-3):
            rows = np.full((4, n), value, dtype)
            for row, spot in zip(rows, (0, 1, n // 2, n - 1), strict=True):
                row[spot] = np.nextafter(row[spot], dtype.type(np.inf))
            _assert_keeps_the_bound_both_ways(norm, rows, eps)


def _exponents(dtype):
    """Of the ends of the range, and of numbers whose squares are just outside of it."""
    kind = format_of(dtype)
    top, bottom = int(np.log2(kind.largest)), int(np.log2(kind.normal))
    return [top - 3, top // 2 + 2, bottom // 2 - 2, bottom + 3]


@pytest.mark.parametrize("eps", [0.0, 1e-300, 1e-5])
@pytest.mark.parametrize(
    ("dtype", "exponent"), [(dtype, exponent) for dtype in DTYPES for exponent in _exponents(dtype)], ids=str
)
@each_norm
def test_squares_that_overflow_or_vanish_keep_the_bound(norm, dtype, exponent, eps):
    for n in LENGTHS:
        rows = np.ldexp(np.tanh(_normal(n)), exponent).astype(dtype)  # tanh: no larger than 1
        _assert_keeps_the_bound_both_ways(norm, rows, eps)


@each_eps
@each_dtype
@each_norm
def test_denormals_keep_the_bound(norm, dtype, eps):
    for n in LENGTHS:
        rows = (np.rint(100 * _normal(n)) * format_of(dtype).tiny).astype(dtype)
        _assert_keeps_the_bound_both_ways(norm, rows, eps)
