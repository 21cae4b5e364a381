"""The residual of the reference: summed once, rounded once, and normalized as it was rounded."""

import ml_dtypes
import numpy as np
import pytest

from simdnorm.reference import (
    add_layer_norm_backward,
    add_layer_norm_forward,
    add_rms_norm_backward,
    add_rms_norm_forward,
    layer_norm_forward,
    numerical_gradient,
    rms_norm_forward,
)

DTYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    ("dtype", "half"), [(np.float16, 2**-11), (ml_dtypes.bfloat16, 2**-8), (np.float32, 2**-24), (np.float64, 2**-53)]
)
def test_summed_is_rounded_once(dtype, half):
    # Beside 1 a half unit is a tie, and one more bit of the residual decides it. A sum that is first rounded to a
    # type a few digits wider (longdouble beside float64) loses that bit, and falls to the even side.
    x = np.ones((1, 2), dtype)
    residual = np.array([[half, half * (1 + 2 * half)]]).astype(dtype)
    for summed in (add_layer_norm_forward(x, residual)[1], add_rms_norm_forward(x, residual)[1]):
        np.testing.assert_array_equal(summed, np.array([[1, 1 + 2 * half]]).astype(dtype), strict=True)


@each_dtype
def test_the_norm_is_that_of_the_rounded_sum(dtype):
    x, residual = _random(2, 4, 33).astype(dtype)
    weight, bias = _random(2, 33, seed=1).astype(dtype)

    y, summed, mean, rstd = add_layer_norm_forward(x, residual, weight, bias, 1e-3)
    assert summed.dtype == dtype
    for actual, expected in zip((y, mean, rstd), layer_norm_forward(summed, weight, bias, 1e-3), strict=True):
        np.testing.assert_array_equal(actual, expected, strict=True)

    y, summed, rstd = add_rms_norm_forward(x, residual, weight)
    assert summed.dtype == dtype
    for actual, expected in zip((y, rstd), rms_norm_forward(summed, weight), strict=True):
        np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.parametrize("axis", [-1, (0, 2)])
@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_dx_is_the_gradient_of_x_and_of_residual_through_the_norm_and_through_summed(norm, axis):
    x, residual, dy, dsummed = np.longdouble(_random(4, 3, 2, 4))
    weight = np.longdouble(_random(4) if axis == -1 else _random(3, 4))

    def both_outputs(x_, residual_):
        if norm == "layer":
            return np.stack(add_layer_norm_forward(x_, residual_, weight, axis=axis)[:2])
        return np.stack(add_rms_norm_forward(x_, residual_, weight, 1e-5, axis=axis)[:2])

    if norm == "layer":
        _, *saved = add_layer_norm_forward(x, residual, weight, axis=axis)
        dx, dweight, dbias = add_layer_norm_backward(dy, *saved, weight, dsummed=dsummed, axis=axis)
        without = add_layer_norm_backward(dy, *saved, weight, axis=axis)
        np.testing.assert_array_equal(dbias, without[2])
    else:
        _, *saved = add_rms_norm_forward(x, residual, weight, 1e-5, axis=axis)
        dx, dweight = add_rms_norm_backward(dy, *saved, weight, dsummed=dsummed, axis=axis)
        without = add_rms_norm_backward(dy, *saved, weight, axis=axis)

    np.testing.assert_array_equal(dx, without[0] + dsummed)
    np.testing.assert_array_equal(dweight, without[1])
    both_gradients = np.stack([dy, dsummed])
    for expected in (
        numerical_gradient(lambda x_: both_outputs(x_, residual), x, both_gradients),
        numerical_gradient(lambda residual_: both_outputs(x, residual_), residual, both_gradients),
    ):
        # Finite differences are right to two thirds of the digits: 19 * 2 / 3, less what the bend of y takes.
        np.testing.assert_allclose(dx, expected, rtol=0, atol=1e-9 * np.max(np.abs(expected)))


@each_dtype
def test_gradients_come_in_the_working_precision(dtype):
    x = _random(2, 5).astype(dtype)
    working = np.longdouble if dtype == np.float64 else np.float64
    _, summed, mean, rstd = add_layer_norm_forward(x, x)
    for gradient in add_layer_norm_backward(x, summed, mean.astype(x.dtype), rstd.astype(x.dtype), dsummed=x):
        assert gradient.dtype == working
