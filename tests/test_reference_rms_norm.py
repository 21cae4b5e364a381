"""The RMSNorm of the reference: LayerNorm without its mean, and what the mathematics promises of that."""

import ml_dtypes
import numpy as np
import pytest

from simdnorm.reference import (
    layer_norm_backward,
    layer_norm_forward,
    numerical_gradient,
    rms_norm_backward,
    rms_norm_forward,
)

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _assert_close(actual, expected):
    # Both sides are some ten roundings and a short sum away from the truth.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


@pytest.mark.parametrize("axis", [0, 1, -1, (1, 2), (2, 1), (0, 2), (-3, 1), (0, 1, 2)])
def test_any_axes_are_the_rows_of_a_matrix(axis):
    x, dy = _random(2, 3, 4, 5)
    axes = sorted(i % 3 for i in np.atleast_1d(axis))
    kept = [i for i in range(3) if i not in axes]
    weight = _random(*(x.shape[i] for i in axes), seed=1)

    def rows(a):
        return a.transpose(kept + axes).reshape(int(np.prod([x.shape[i] for i in kept])), -1)

    y, rstd = rms_norm_forward(x, weight, axis=axis)
    dx, dweight = rms_norm_backward(dy, x, rstd, weight, axis=axis)

    y_, rstd_ = rms_norm_forward(rows(x), weight.ravel())
    dx_, dweight_ = rms_norm_backward(rows(dy), rows(x), rstd_, weight.ravel())
    assert rstd.shape == tuple(1 if i in axes else x.shape[i] for i in range(3))
    assert dweight.shape == weight.shape
    for actual, expected in [(rows(y), y_), (rstd.reshape(-1, 1), rstd_), (rows(dx), dx_), (dweight.ravel(), dweight_)]:
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("axis", [-1, (0, 2)])
def test_backward_equals_finite_differences(axis):
    dy, x = np.longdouble(_random(2, 3, 2, 4))
    weight = np.longdouble(_random(4) if axis == -1 else _random(3, 4))
    _, rstd = rms_norm_forward(x, weight, 1e-5, axis=axis)
    dx, dweight = rms_norm_backward(dy, x, rstd, weight, axis=axis)
    expected = (
        numerical_gradient(lambda x_: rms_norm_forward(x_, weight, 1e-5, axis=axis)[0], x, dy),
        numerical_gradient(lambda weight_: rms_norm_forward(x, weight_, 1e-5, axis=axis)[0], weight, dy),
    )
    for actual_, expected_ in zip((dx, dweight), expected, strict=True):
        # Finite differences are right to two thirds of the digits: 19 * 2 / 3, less what the bend of y takes.
        np.testing.assert_allclose(actual_, expected_, rtol=0, atol=1e-9 * np.max(np.abs(expected_)))


def test_where_the_mean_is_zero_it_is_layer_norm_but_for_the_mean_of_the_gradient():
    dy, half = _random(2, 4, 9)
    dy, x = np.concatenate([dy, dy**2], axis=1), np.concatenate([half, -half], axis=1)
    weight = _random(18, seed=1)

    y, rstd = rms_norm_forward(x, weight, 1e-5)
    y_, mean_, rstd_ = layer_norm_forward(x, weight, eps=1e-5)
    _assert_close(y, y_)
    _assert_close(rstd, rstd_)

    # A shift of the row moves RMSNorm's y, so that the gradient along it stays.
    dx, dweight = rms_norm_backward(dy, x, rstd, weight)
    dx_, dweight_, _ = layer_norm_backward(dy, x, mean_, rstd_, weight)
    along_the_shift = rstd * np.mean(np.longdouble(dy) * weight, axis=1, keepdims=True)
    _assert_close(dx, dx_ + along_the_shift)
    _assert_close(dweight, dweight_)


def test_without_eps_the_gradient_is_orthogonal_to_xhat_the_one_direction_that_is_undone():
    dy, x = _random(2, 5, 40)
    weight = _random(40, seed=1)
    xhat, rstd = rms_norm_forward(x, eps=0)
    dx, _ = rms_norm_backward(dy, x, rstd, weight)
    scale = 64 * UNIT * np.sum(np.abs(rstd * dy * weight), axis=1)
    np.testing.assert_array_less(np.abs(np.sum(dx * xhat, axis=1)), scale * np.max(np.abs(xhat)))


@pytest.mark.parametrize("scale", [2.0**-600, 0.25, 2.0**500])
def test_a_scale_of_the_row_changes_nothing_but_the_size_of_its_gradient(scale):
    dy, x = _random(2, 4, 9)

    def both_ways(x_):
        y, rstd = rms_norm_forward(x_, eps=0)
        return y, rms_norm_backward(dy, x_, rstd)[0]

    (y, dx), (y_scaled, dx_scaled) = both_ways(x), both_ways(x * scale)
    np.testing.assert_array_equal(y_scaled, y)
    np.testing.assert_array_equal(dx_scaled * scale, dx)


@pytest.mark.parametrize(
    ("dtype", "eps"),
    [(np.float16, 2**-10), (ml_dtypes.bfloat16, 2**-7), (np.float32, 2**-23), (np.float64, 2**-52)],
)
def test_without_an_eps_it_is_that_of_the_dtype(dtype, eps):
    _, rstd = rms_norm_forward(np.zeros((1, 3), dtype))
    np.testing.assert_allclose(rstd, 1 / np.sqrt(eps), rtol=4 * np.finfo(rstd.dtype).eps)


@pytest.mark.parametrize(
    "magnitude",
    [1e-40, 1e30, 5e-324, 1.7e308, np.finfo(np.longdouble).max, np.finfo(np.longdouble).smallest_normal],
)
def test_squares_that_overflow_or_vanish_do_no_harm(magnitude):
    x = np.array([[1, -1, -1, 1]]) * np.longdouble(magnitude)
    y, _ = rms_norm_forward(x, eps=0)
    np.testing.assert_allclose(y, np.sign(x), rtol=2 * UNIT)


def test_an_infinity_is_nan_and_the_others_of_its_row_zero():
    clean = _random(3, 8)
    x = clean.copy()
    x[1, 2] = -np.inf
    y, _ = rms_norm_forward(x)
    np.testing.assert_array_equal(y[1], np.where(np.arange(8) == 2, np.nan, 0))
    np.testing.assert_array_equal(y[::2], rms_norm_forward(clean)[0][::2])


def test_nan_stays_in_its_row():
    dy, clean = _random(2, 3, 8)
    x = clean.copy()
    x[1, 2] = np.nan

    def both_ways(x_):
        y, rstd = rms_norm_forward(x_)
        return y, rstd, rms_norm_backward(dy, x_, rstd)[0]

    for poisoned, unharmed in zip(both_ways(x), both_ways(clean), strict=True):
        assert np.all(np.isnan(poisoned[1]))
        np.testing.assert_array_equal(poisoned[::2], unharmed[::2])


@pytest.mark.parametrize("shape", [(0, 8), (8, 0), (0, 0), (0,)])
def test_empty_arrays_have_empty_results_and_zero_parameter_gradients(shape):
    x = np.zeros(shape)
    y, rstd = rms_norm_forward(x, np.ones(shape[-1]))
    dx, dweight = rms_norm_backward(x, x, rstd, np.ones(shape[-1]))
    assert y.shape == dx.shape == shape
    assert rstd.shape == (*shape[:-1], 1)
    np.testing.assert_array_equal(dweight, np.zeros(shape[-1]))


def test_inputs_are_never_written_to():
    arrays = dy, x, weight = [*np.longdouble(_random(2, 3, 5)), np.longdouble(_random(5))]
    for array in arrays:
        array.flags.writeable = False  # longdouble is already the working precision: no conversion makes a copy
    _, rstd = rms_norm_forward(x, weight)
    rstd.flags.writeable = False
    rms_norm_backward(dy, x, rstd, weight)
