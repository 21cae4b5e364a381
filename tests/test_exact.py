"""Extreme input has one right answer, and it comes exactly, on every instruction set."""

import numpy as np
import pytest

import simdnorm
from norms import LAYER_NORM, SPECS, each_dtype, small_case

LENGTHS = [2, 15, 16, 17, 130, 5000]
each_length = pytest.mark.parametrize("n", LENGTHS)
each_value = pytest.mark.parametrize("value", [0.0, 0.1, -14.0, 1e30, 3.4e38, 1e-40])


def _parameters(n, dtype):
    return np.random.default_rng(n).normal(size=(2, n)).astype(dtype)


@each_value
@each_length
@each_dtype
def test_constant_rows_give_the_bias_and_no_gradient(isa, dtype, n, value):
    weight, bias = _parameters(n, dtype)
    x = np.full((3, n), value, dtype)
    y, mean, rstd = simdnorm.layer_norm_forward(x, n, weight, bias)
    np.testing.assert_array_equal(y, np.broadcast_to(bias, x.shape))
    np.testing.assert_array_equal(mean, x[:, :1])
    dx, dweight, _ = simdnorm.layer_norm_backward(np.ones_like(x), x, mean, rstd, np.ones_like(weight))
    assert (dx == 0).all() and (dweight == 0).all()


@each_value
@each_dtype
@pytest.mark.parametrize("shape", [(2, 3), (5000, 3), (4, 3, 130), (2, 17, 5, 5)])
def test_constant_channels_give_the_bias_and_no_gradient(isa, dtype, shape, value):
    weight, bias = _parameters(shape[1], dtype)
    x = np.full(shape, value, dtype)
    y, mean, rstd = simdnorm.batch_norm_forward(x, weight, bias)
    np.testing.assert_array_equal(y, np.broadcast_to(bias.reshape(-1, *[1] * (len(shape) - 2)), shape))
    assert (mean == x[0, 0].flat[0]).all()
    dx, dweight, _ = simdnorm.batch_norm_backward(np.ones_like(x), x, mean, rstd, weight)
    assert (dx == 0).all() and (dweight == 0).all()


@each_length
@each_dtype
def test_constant_rows_with_eps_zero_are_nan(isa, dtype, n):
    x = np.full((2, n), 0.1, dtype)
    assert np.isnan(simdnorm.layer_norm(x, n, eps=0.0)).all()
    assert np.isnan(simdnorm.batch_norm(x.T, None, None, training=True, eps=0.0)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@each_length
@each_dtype
def test_one_bad_value_spoils_its_row_alone(isa, dtype, n, bad):
    spec = next(spec for spec in LAYER_NORM if spec.name == "layer_norm_forward")
    case = spec.case((9, n), dtype)
    clean = spec.call(case)
    x = case.x.copy()
    x[4, n // 2] = bad
    others = np.arange(9) != 4
    dirty = spec.call(case, x=x)
    assert np.isnan(dirty["y"][4]).all()
    for name in dirty:
        np.testing.assert_array_equal(dirty[name][others], clean[name][others])

    dx_clean, _, _ = simdnorm.layer_norm_backward(case.dy, case.x, clean["mean"], clean["rstd"], case.weight)
    dx, _, _ = simdnorm.layer_norm_backward(case.dy, x, dirty["mean"], dirty["rstd"], case.weight)
    assert np.isnan(dx[4]).all()
    np.testing.assert_array_equal(dx[others], dx_clean[others])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(5, 17), (300, 20), (3, 18, 40)])
@each_dtype
def test_one_bad_value_spoils_its_channel_alone(isa, dtype, shape, bad):
    spec = next(spec for spec in SPECS if spec.name == "batch_norm_forward")
    case = spec.case(shape, dtype)
    clean = spec.call(case)
    x = case.x.copy()
    x[(1, 4, *[0] * (len(shape) - 2))] = bad
    dirty = spec.call(case, x=x)
    others = np.arange(shape[1]) != 4
    assert np.isnan(dirty["y"][:, 4]).all()
    np.testing.assert_array_equal(dirty["y"][:, others], clean["y"][:, others])
    np.testing.assert_array_equal(dirty["rstd"][others], clean["rstd"][others])


@pytest.mark.parametrize("size", [1e30, 3.4e38])
@pytest.mark.parametrize("n", [2, 16, 130, 5000])
def test_squares_that_overflow_float32_are_normalized(isa, size, n):
    signs = np.tile(np.array([1, -1], np.float32), (3, n // 2))
    x = np.float32(size) * signs
    np.testing.assert_array_equal(simdnorm.layer_norm(x, n), signs)
    np.testing.assert_array_equal(simdnorm.batch_norm(x.T, None, None, training=True), signs.T)
    nchw = simdnorm.batch_norm(np.stack([x] * 4), None, None, training=True)
    np.testing.assert_array_equal(nchw, np.stack([signs] * 4))


@pytest.mark.parametrize("n", [2, 16, 130, 5000])
def test_denormals_without_eps_are_normalized(isa, n):
    signs = np.tile(np.array([1, -1], np.float32), (3, n // 2))
    x = np.float32(1e-40) * signs
    np.testing.assert_array_equal(simdnorm.layer_norm(x, n, eps=0.0), signs)
    np.testing.assert_array_equal(simdnorm.batch_norm(x.T, None, None, training=True, eps=0.0), signs.T)


def test_the_mean_of_many_ones_is_one(isa):
    _, mean, rstd = simdnorm.layer_norm_forward(np.ones((1, 2**22 + 1), np.float32), 2**22 + 1)
    assert mean.item() == 1 and rstd.item() == np.float32(1 / np.sqrt(np.float64(1e-5)))


@each_dtype
def test_layer_norm_of_nothing_is_nothing(isa, dtype):
    for shape, n in (((0, 8), 8), ((8, 0), 0), ((0, 0), 0), ((2, 0, 3), 3)):
        x, weight, bias = np.empty(shape, dtype), np.ones(n, dtype), np.ones(n, dtype)
        y, mean, rstd = simdnorm.layer_norm_forward(x, n, weight, bias)
        assert y.shape == shape and mean.shape == rstd.shape == (*shape[:-1], 1)
        assert simdnorm.layer_norm(x, n, weight, bias).shape == shape
        dx, dweight, dbias = simdnorm.layer_norm_backward(x, x, mean, rstd, weight)
        assert dx.shape == shape and dx.dtype == dtype
        np.testing.assert_array_equal(dweight, np.zeros(n))
        np.testing.assert_array_equal(dbias, np.zeros(n))


@each_dtype
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_backward_of_nothing_is_nothing(isa, dtype, training):
    for shape, c in (((0, 3), 3), ((2, 3, 0), 3), ((4, 0), 0)):
        x, ones = np.empty(shape, dtype), np.ones(c, dtype)
        assert simdnorm.batch_norm(x, ones, 2 * ones).shape == shape
        dx, dweight, dbias = simdnorm.batch_norm_backward(x, x, ones, ones, ones, training=training)
        assert dx.shape == shape
        np.testing.assert_array_equal(dweight, np.zeros(c))
        np.testing.assert_array_equal(dbias, np.zeros(c))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_no_floating_point_warning_or_error_reaches_the_caller(isa, spec):
    case = small_case(spec)
    x = case.x.copy()
    x[0] = np.inf
    with np.errstate(all="raise"):
        spec.call(case, x=x)
