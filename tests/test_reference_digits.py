"""The digits of the reference: against exact arithmetic, and at the ends of the range."""

from decimal import Decimal, localcontext
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from simdnorm.reference import (
    group_norm_backward,
    group_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    rms_norm_backward,
    rms_norm_forward,
    working_dtype,
)

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def _exactly(dy, x, weight, eps, centred=True):
    """Return y, mean, rstd and dx of one row, in rational arithmetic with one square root to 60 digits.

    Not centred, it is RMSNorm's row: the mean is 0, and so is that of the gradient.
    """
    with localcontext(prec=60):
        dy, x, weight = ([Fraction(float(v)) for v in row] for row in (dy, x, weight))
        mean = sum(x) / len(x) if centred else Fraction(0)
        var = sum((v - mean) ** 2 for v in x) / len(x)
        rstd = 1 / _decimal(var + Fraction(eps)).sqrt()
        xhat = [_decimal(v - mean) * rstd for v in x]
        y = [h * _decimal(w) for h, w in zip(xhat, weight, strict=True)]
        dxhat = [_decimal(d * w) for d, w in zip(dy, weight, strict=True)]
        mean_dxhat = sum(dxhat) / len(x) if centred else 0
        mean_dxhat_xhat = sum(d * h for d, h in zip(dxhat, xhat, strict=True)) / len(x)
        dx = [rstd * (d - mean_dxhat - h * mean_dxhat_xhat) for d, h in zip(dxhat, xhat, strict=True)]
        return [np.array(a, dtype=str).astype(np.longdouble) for a in (y, _decimal(mean), rstd, dx)]


RATIOS = [0, 1e4, 1e8, 1e12, 2.0**52]


@pytest.mark.parametrize("mean_by_spread", RATIOS)
@pytest.mark.parametrize("length", [2, 3, 10, 129])
def test_forward_and_backward_are_right_to_the_last_digits_for_any_ratio_of_mean_to_spread(mean_by_spread, length):
    dy, x, weight = _random(3, length)
    x = 4 * x + mean_by_spread
    assert np.ptp(x) > 0
    y_, mean_, rstd_, dx_ = _exactly(dy, x, weight, 1e-5)

    y, mean, rstd = layer_norm_forward(x, weight)
    dx, _, _ = layer_norm_backward(dy, x, mean, rstd, weight)

    # Some ten roundings of half a unit each; sums are pairwise and of centred values, and add hardly a unit more.
    tolerance = 6 * UNIT
    assert np.abs(mean - mean_) <= tolerance * np.maximum(np.abs(mean_), 1)
    assert np.abs(rstd - rstd_) <= tolerance * rstd_
    np.testing.assert_array_less(np.abs(y - y_), tolerance * np.max(np.abs(weight)) * np.maximum(np.abs(y_), 1))
    # dx is a difference; its terms set the scale of its error. The largest is xhat * mean(dxhat * xhat), where
    # mean |xhat| <= 1 and |xhat| <= sqrt(length).
    largest_term = rstd_ * np.max(np.abs(dy * weight)) * np.sqrt(length)
    np.testing.assert_array_less(np.abs(dx - dx_), tolerance * largest_term)


@pytest.mark.parametrize("saved", [dtype for dtype in (np.float32, np.float64) if np.finfo(dtype).eps > UNIT])
def test_backward_recovers_the_digits_of_the_mean_that_saving_it_lost(saved):
    dy, x = _random(2, 4, 33)
    spread = np.finfo(saved).eps * 2**20
    x = (2.0**20 + spread * np.round(x, 1)).astype(saved)  # a few units in the last place
    _, mean, rstd = layer_norm_forward(x, eps=0)
    assert np.any(mean.astype(saved) != mean)

    exact = layer_norm_backward(dy, x, mean, rstd)
    rounded = layer_norm_backward(dy, x, mean.astype(saved), rstd)

    for actual, expected in zip(rounded, exact, strict=True):
        # dy is float64, so everything is computed in longdouble, beside float32 data too.
        np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


@pytest.mark.parametrize("mean_by_spread", [0, 1, 1e8])
@pytest.mark.parametrize("length", [1, 2, 3, 10, 129])
def test_rms_norm_is_right_to_the_last_digits(mean_by_spread, length):
    dy, x, weight = _random(3, length)
    x += mean_by_spread
    y_, _, rstd_, dx_ = _exactly(dy, x, weight, 1e-5, centred=False)

    y, rstd = rms_norm_forward(x, weight, 1e-5)
    dx, _ = rms_norm_backward(dy, x, rstd, weight)

    # As for LayerNorm below its centring: some ten roundings of half a unit each, of terms of this size.
    tolerance = 6 * UNIT
    assert np.abs(rstd - rstd_) <= tolerance * rstd_
    np.testing.assert_array_less(np.abs(y - y_), tolerance * np.abs(y_))
    largest_term = rstd_ * np.max(np.abs(dy * weight)) * np.sqrt(length)
    np.testing.assert_array_less(np.abs(dx - dx_), tolerance * largest_term)


@pytest.mark.parametrize("saved", [dtype for dtype in (np.float32, np.float64) if np.finfo(dtype).eps > UNIT])
def test_group_norm_recovers_the_digits_of_the_mean_that_saving_it_lost(saved):
    dy, x = _random(2, 2, 6, 11)
    spread = np.finfo(saved).eps * 2**20
    x = (2.0**20 + spread * np.round(x, 1)).astype(saved)  # a few units in the last place
    _, mean, rstd = group_norm_forward(x, 3, eps=0)
    assert np.any(mean.astype(saved) != mean)

    exact = group_norm_backward(dy, x, mean, rstd, 3)
    rounded = group_norm_backward(dy, x, mean.astype(saved), rstd, 3)

    for actual, expected in zip(rounded, exact, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_16_bit_arrays_count_with_the_numbers_they_hold(dtype):
    dy, x = (a.astype(dtype) for a in _random(2, 4, 6))
    weight, bias = (a.astype(dtype) for a in _random(2, 6))
    mean, rstd = (np.abs(a).astype(dtype) for a in _random(2, 4, 1))

    def results(*arrays):
        dy, x, weight, bias, mean, rstd = arrays
        return (
            *layer_norm_forward(x, weight, bias),
            *layer_norm_backward(dy, x, mean, rstd, weight),
            *rms_norm_forward(x, weight, 1e-5),
            *rms_norm_backward(dy, x, rstd, weight),
            *group_norm_forward(x, 1, weight, bias),
            *group_norm_backward(dy, x, mean, rstd, 1, weight),
        )

    arrays = dy, x, weight, bias, mean, rstd
    for actual, expected in zip(results(*arrays), results(*(a.astype(np.float32) for a in arrays)), strict=True):
        np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_a_mean_saved_in_16_bits_is_known_by_its_rounding(dtype):
    dy, x = _random(2, 4, 33)
    x = np.float32(x + 100)
    _, mean, rstd = layer_norm_forward(x)
    exact = layer_norm_backward(dy, x, mean, rstd)
    rounded = layer_norm_backward(dy, x, mean.astype(dtype), rstd)
    for actual, expected in zip(rounded, exact, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


def test_backward_takes_another_mean_as_it_stands():
    dy, x = _random(2, 1, 5)
    _, mean, rstd = layer_norm_forward(x)
    elsewhere = (mean + 0.25).astype(np.float64)
    _, dweight, _ = layer_norm_backward(dy, x, elsewhere, rstd)
    np.testing.assert_allclose(dweight, (dy * (x - elsewhere) * rstd)[0], rtol=1e-15)


@pytest.mark.parametrize(
    ("dtypes", "working"),
    [
        ([np.float16, np.float32], np.float64),
        ([ml_dtypes.bfloat16], np.float64),
        ([np.float32, np.int64], np.float64),
        ([np.float32, np.float64], np.longdouble),
        ([np.float32, np.longdouble], np.longdouble),
        ([np.float32, ">f8"], np.longdouble),
    ],
)
def test_working_precision_is_wider_than_the_widest_input(dtypes, working):
    assert working_dtype(None, *(np.zeros(1, dtype) for dtype in dtypes)) == working


@pytest.mark.parametrize(("given", "working"), [(np.float32, np.float64), (np.float64, np.longdouble)])
def test_results_keep_the_working_precision(given, working):
    x = np.arange(6, dtype=given).reshape(2, 3)
    forward = layer_norm_forward(x, x[0], x[1])
    backward = layer_norm_backward(x, x, forward[1].astype(given), forward[2].astype(given), x[0])
    assert {a.dtype for a in (*forward, *backward)} == {np.dtype(working)}


@pytest.mark.parametrize(
    "magnitude",
    [1e-40, 1e30, 5e-324, 1.7e308, np.finfo(np.longdouble).max, np.finfo(np.longdouble).smallest_normal],
)
def test_squares_that_overflow_or_vanish_do_no_harm(magnitude):
    # The last two stand at the ends of the working range itself, where no wider type can help.
    x = np.array([[1, -1, -1, 1]]) * np.longdouble(magnitude)
    y, mean, _ = layer_norm_forward(x, eps=0)
    np.testing.assert_allclose(y, np.sign(x), rtol=2 * UNIT)
    assert mean == 0


def test_rows_far_below_sqrt_eps_stay_right():
    x = np.array([[1.0, -1.0]]) * np.finfo(np.longdouble).smallest_normal
    y, _, rstd = layer_norm_forward(x, eps=1e-4)
    np.testing.assert_allclose(rstd, 100, rtol=1e-15)
    np.testing.assert_allclose(y, x * 100, rtol=1e-15)
