"""NIST's reference sets: the digits that are certified, and the accuracy bound on the data as a type holds them."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest

from nist import SETS
from norms import DTYPES, SPEC, assert_keeps_the_bound, specs_of
from simdnorm._selfcheck.bounds import bound_mean
from simdnorm._selfcheck.formats import format_of, statistics_dtype, unit_roundoff
from simdnorm._selfcheck.norms import NORMS

each_set = pytest.mark.parametrize("reference", SETS, ids=lambda reference: reference.name)
each_norm_of_one_array = pytest.mark.parametrize(
    "norm", [norm for norm in NORMS if not norm.has_residual], ids=lambda norm: norm.name
)
each_set_and_dtype = pytest.mark.parametrize(
    ("reference", "dtype"),
    [(r, dtype) for r in SETS for dtype in DTYPES if r.largest < format_of(dtype).largest],
    ids=lambda value: getattr(value, "name", str(value)),
)


def _half_of_the_last_digit(certified):
    return Decimal((0, (5,), certified.as_tuple().exponent - 1))


@each_set
def test_the_set_is_the_one_that_nist_certifies(reference):
    values = [Fraction(value) for value in reference.values]
    mean = sum(values) / len(values)
    squares = sum((value - mean) ** 2 for value in values)
    neighbours = sum((a - mean) * (b - mean) for a, b in pairwise(values))
    with localcontext(prec=40):
        deviation = _decimal(squares / (len(values) - 1)).sqrt()
        found = {"mean": _decimal(mean), "deviation": deviation, "autocorrelation": _decimal(neighbours / squares)}
        for name, value in found.items():
            certified = getattr(reference, name)
            assert abs(value - certified) <= _half_of_the_last_digit(certified), name


def _decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def _cases(norm, reference, dtype, **options):
    """The set forwards and backwards: as two rows, or as two channels that lie in two ways."""
    values = np.array(reference.values, np.float64).astype(dtype)
    rows = np.stack([values, values[::-1]])
    if not norm.has_channels:
        return [norm.case_of(rows, **options)]
    return [norm.case_of(rows[np.newaxis], **options), norm.case_of(rows.T[np.newaxis].copy(), axis=-1, **options)]


@each_set_and_dtype
@each_norm_of_one_array
def test_the_certified_digits_come_out_as_far_as_the_type_holds_the_data(isa, norm, reference, dtype):
    """Rounded data are off by u |x|: so is their mean, and their deviation is by that times sqrt(n / (n - 1))."""
    n = len(reference.values)
    unbiased = sqrt(n / (n - 1))
    u, u_data = unit_roundoff(statistics_dtype(dtype)), unit_roundoff(dtype)
    moved = u_data * reference.largest
    mean, deviation = float(reference.mean), float(reference.deviation)
    for case in _cases(norm, reference, dtype, eps=0.0):
        results = SPEC[f"{norm.name}_forward"].call(case)
        with np.errstate(divide="ignore"):
            spread = 1 / results["rstd"].astype(np.float64)
        if "mean" in norm.saved:
            tolerance = moved + bound_mean(mean, deviation + unbiased * moved, u, u)
            _assert_certified(results["mean"], reference.mean, tolerance)
            tolerance = unbiased * moved + 4 * u * (deviation + unbiased * moved)
            _assert_certified(unbiased * spread, reference.deviation, tolerance)
        else:
            with localcontext(prec=40):
                root_mean_square = (reference.mean**2 + reference.deviation**2 * (n - 1) / n).sqrt()
            tolerance = moved + 4 * u * (float(root_mean_square) + moved)
            _assert_certified(spread, root_mean_square, tolerance)


def _assert_certified(found, certified, tolerance):
    # Twice: a certified mean and a deviation may both be off by half their last digit.
    allowed = Decimal(float(tolerance)) + 2 * _half_of_the_last_digit(certified)
    for value in found.flat:
        assert abs(Decimal(float(value)) - certified) <= allowed


@pytest.mark.parametrize("eps", [0.0, 1e-5])
@each_set_and_dtype
@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: norm.name)
def test_every_set_keeps_the_bound(norm, reference, dtype, eps):
    for case in _cases(norm, reference, dtype, eps=eps):
        for spec in specs_of(norm):
            assert_keeps_the_bound(spec, case)
