"""The LayerNorm of the reference, and what the mathematics promises of it."""

import numpy as np
import pytest

from simdnorm.reference import layer_norm_backward, layer_norm_forward

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("axis", [0, 1, -1, (1, 2), (2, 1), (0, 2), (-3, 1), (0, 1, 2)])
def test_any_axes_are_the_rows_of_a_matrix(axis):
    x, dy = _random(2, 3, 4, 5)
    axes = sorted(i % 3 for i in np.atleast_1d(axis))
    kept = [i for i in range(3) if i not in axes]
    weight, bias = _random(2, *(x.shape[i] for i in axes), seed=1)

    def rows(a):
        return a.transpose(kept + axes).reshape(int(np.prod([x.shape[i] for i in kept])), -1)

    y, mean, rstd = layer_norm_forward(x, weight, bias, axis=axis)
    dx, dweight, dbias = layer_norm_backward(dy, x, mean, rstd, weight, axis=axis)

    y_, mean_, rstd_ = layer_norm_forward(rows(x), weight.ravel(), bias.ravel())
    dx_, dweight_, dbias_ = layer_norm_backward(rows(dy), rows(x), mean_, rstd_, weight.ravel())

    assert mean.shape == rstd.shape == tuple(1 if i in axes else x.shape[i] for i in range(3))
    assert dweight.shape == dbias.shape == weight.shape
    for actual, expected in [(y, y_), (mean, mean_), (rstd, rstd_), (dx, dx_)]:
        np.testing.assert_array_equal(rows(actual) if actual.shape == x.shape else actual.reshape(-1, 1), expected)
    np.testing.assert_array_equal(dweight.ravel(), dweight_)
    np.testing.assert_array_equal(dbias.ravel(), dbias_)


@pytest.mark.parametrize("value", [0, 0.1, 14, 1e30, 5e-324, 1.7e308])
@pytest.mark.parametrize("length", [1, 3, 99999])  # 99999 times 0.1, summed in longdouble, over 99999 is not 0.1
def test_constant_rows_give_the_bias_exactly_and_lose_a_constant_gradient(value, length):
    x = np.full((2, length), value)
    bias = _random(length)
    y, mean, rstd = layer_norm_forward(x, np.full(length, 1e10), bias)
    np.testing.assert_array_equal(y, np.broadcast_to(bias, x.shape))
    np.testing.assert_array_equal(mean, x[:, :1])
    dx, dweight, _ = layer_norm_backward(np.full_like(x, 0.1), x, mean, rstd)
    np.testing.assert_array_equal(dx, 0)
    np.testing.assert_array_equal(dweight, 0)


def test_constant_rows_without_eps_are_nan():
    y, _, _ = layer_norm_forward(np.full((1, 3), 0.1), eps=0)
    assert np.all(np.isnan(y))


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stay_in_their_row(poison):
    dy, clean = _random(2, 3, 8)
    x = clean.copy()
    x[1, 2] = poison

    y, mean, rstd = layer_norm_forward(x)
    dx, _, _ = layer_norm_backward(dy, x, mean, rstd)

    y_, mean_, rstd_ = layer_norm_forward(clean)
    dx_, _, _ = layer_norm_backward(dy, clean, mean_, rstd_)
    assert np.all(np.isnan(y[1]))
    assert np.all(np.isnan(dx[1]))
    np.testing.assert_array_equal(y[::2], y_[::2])
    np.testing.assert_array_equal(dx[::2], dx_[::2])


def test_infinite_statistics_give_nan_without_a_warning():
    infinite = np.full((1, 1), np.inf)
    dx, dweight, _ = layer_norm_backward(infinite, infinite, infinite, infinite)
    assert np.isnan(dx)
    assert np.isnan(dweight)


@pytest.mark.parametrize("shape", [(0, 8), (8, 0), (0, 0), (0,)])
def test_empty_arrays_have_empty_results_and_zero_parameter_gradients(shape):
    x = np.zeros(shape)
    y, mean, rstd = layer_norm_forward(x, np.ones(shape[-1]), np.ones(shape[-1]))
    dx, dweight, dbias = layer_norm_backward(x, x, mean, rstd, np.ones(shape[-1]))
    assert y.shape == dx.shape == shape
    assert mean.shape == rstd.shape == (*shape[:-1], 1)
    for gradient in (dweight, dbias):
        np.testing.assert_array_equal(gradient, np.zeros(shape[-1]), strict=False)


def _both_ways(dy, x, eps):
    y, mean, rstd = layer_norm_forward(x, eps=eps)
    dx, _, _ = layer_norm_backward(dy, x, mean, rstd)
    return y, dx


def test_a_shift_of_the_row_changes_nothing():
    dy, x = _random(2, 4, 9)
    x = np.round(x * 1024) / 1024  # so that the shift rounds nothing
    shifted = x + 2.0**30
    for actual, expected in zip(_both_ways(dy, shifted, 1e-5), _both_ways(dy, x, 1e-5), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


@pytest.mark.parametrize("scale", [2.0**-600, 0.25, 2.0**500])
def test_a_scale_of_the_row_changes_nothing_but_the_size_of_its_gradient(scale):
    dy, x = _random(2, 4, 9)
    y, dx = _both_ways(dy, x, 0)
    y_scaled, dx_scaled = _both_ways(dy, x * scale, 0)
    np.testing.assert_array_equal(y_scaled, y)
    np.testing.assert_array_equal(dx_scaled * scale, dx)


def test_the_gradient_of_a_row_sums_to_zero_and_without_eps_is_orthogonal_to_xhat():
    # These are the two directions in which the norm undoes every move.
    dy, x = _random(2, 5, 40)
    weight = _random(40, seed=1)
    xhat, mean, rstd = layer_norm_forward(x, eps=0)
    dx, _, _ = layer_norm_backward(dy, x, mean, rstd, weight)
    scale = 64 * UNIT * np.sum(np.abs(rstd * dy * weight), axis=1)
    np.testing.assert_array_less(np.abs(np.sum(dx, axis=1)), scale)
    np.testing.assert_array_less(np.abs(np.sum(dx * xhat, axis=1)), scale * np.max(np.abs(xhat)))


def test_inputs_are_never_written_to():
    arrays = dy, x, weight, bias = [*np.longdouble(_random(2, 3, 5)), *np.longdouble(_random(2, 5))]
    for array in arrays:
        array.flags.writeable = False  # longdouble is already the working precision: no conversion makes a copy
    _, mean, rstd = layer_norm_forward(x, weight, bias)
    mean.flags.writeable = rstd.flags.writeable = False
    layer_norm_backward(dy, x, mean, rstd, weight)
