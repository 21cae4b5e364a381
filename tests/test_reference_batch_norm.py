"""The BatchNorm of the reference: LayerNorm's transpose, in training, frozen and in evaluation."""

import numpy as np
import pytest

from simdnorm.reference import (
    batch_norm_apply,
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_inference,
    batch_norm_statistics,
    layer_norm_backward,
    layer_norm_forward,
    numerical_gradient,
)

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _assert_close(actual, expected):
    # Both sides are some ten roundings and a short sum away from the truth.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


def test_layer_norm_of_x_is_batch_norm_of_its_transpose():
    dy, x = _random(2, 6, 11)
    y, mean, rstd = layer_norm_forward(x)
    dx, _, _ = layer_norm_backward(dy, x, mean, rstd)

    y_, mean_, rstd_ = batch_norm_forward(x.T)
    dx_, _, _ = batch_norm_backward(dy.T, x.T, mean_, rstd_)

    for actual, expected in [(y_.T, y), (mean_, mean[:, 0]), (rstd_, rstd[:, 0]), (dx_.T, dx)]:
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("shape", "channel_axis"), [((6, 4), 1), ((3, 4, 5), 1), ((2, 4, 3, 5), 1), ((2, 3, 5, 4), -1), ((4, 2, 3), 0)]
)
def test_every_layout_is_a_matrix_with_one_column_a_channel(shape, channel_axis):
    dy, x = _random(2, *shape)
    weight, bias = _random(2, 4, seed=1)

    def matrix(a):
        return np.moveaxis(a, channel_axis, -1).reshape(-1, 4)

    y, mean, rstd = batch_norm_forward(x, weight, bias, channel_axis=channel_axis)
    dx, dweight, dbias = batch_norm_backward(dy, x, mean, rstd, weight, channel_axis=channel_axis)

    xhat, mean_, rstd_ = layer_norm_forward(matrix(x), axis=0)
    dx_, _, _ = layer_norm_backward(matrix(dy) * np.longdouble(weight), matrix(x), mean_, rstd_, axis=0)
    _assert_close(matrix(y), xhat * weight + bias)
    _assert_close(matrix(dx), dx_)
    for actual, expected in [
        (mean, mean_[0]),
        (rstd, rstd_[0]),
        (dweight, np.sum(matrix(dy) * xhat, axis=0)),
        (dbias, np.sum(matrix(dy), axis=0, dtype=np.longdouble)),
    ]:
        assert actual.shape == (4,)
        _assert_close(actual, expected)


@pytest.mark.parametrize("mean_by_spread", [0, 1e6, 2.0**52])
def test_backward_needs_no_more_of_the_mean_than_its_rounding(mean_by_spread):
    dy, x = _random(2, 9, 3)
    x = 4 * x + mean_by_spread
    _, mean, rstd = batch_norm_forward(x)
    exact = layer_norm_backward(dy.T, x.T, *(s[:, None] for s in (mean, rstd)))[0].T
    _assert_close(batch_norm_backward(dy, x, mean.astype(np.float64), rstd)[0], exact)


@pytest.mark.parametrize("channel_axis", [1, -1])
def test_training_backward_equals_finite_differences(channel_axis):
    dy, x = _random(2, 3, 2, 4)
    weight, bias = np.longdouble(_random(2, x.shape[channel_axis], seed=1))
    _, mean, rstd = batch_norm_forward(x, channel_axis=channel_axis)
    dx, _, _ = batch_norm_backward(dy, x, mean, rstd, weight, channel_axis=channel_axis)
    expected = numerical_gradient(
        lambda x_: batch_norm_forward(x_, weight, bias, channel_axis=channel_axis)[0], np.longdouble(x), dy
    )
    np.testing.assert_allclose(dx, expected, rtol=0, atol=1e-9 * np.max(np.abs(expected)))


def test_frozen_backward_equals_finite_differences_with_constant_statistics():
    dy, x = np.longdouble(_random(2, 5, 3))
    mean, rstd, weight, bias = np.longdouble(_random(4, 3, seed=1))
    actual = batch_norm_backward(dy, x, mean, rstd, weight, training=False)
    expected = (
        numerical_gradient(lambda x_: batch_norm_apply(x_, mean, rstd, weight, bias), x, dy),
        numerical_gradient(lambda weight_: batch_norm_apply(x, mean, rstd, weight_, bias), weight, dy),
        numerical_gradient(lambda bias_: batch_norm_apply(x, mean, rstd, weight, bias_), bias, dy),
    )
    for actual_, expected_ in zip(actual, expected, strict=True):
        np.testing.assert_allclose(actual_, expected_, rtol=0, atol=1e-9 * np.max(np.abs(expected_)))


def test_frozen_backward_takes_the_mean_as_it_stands():
    # This mean is the float32 rounding of the batch's own, but a constant is not corrected.
    x = np.array([[1.0], [1.0 + 2.0**-30]])
    mean = np.ones(1, dtype=np.float32)
    _, dweight, _ = batch_norm_backward(np.ones_like(x), x, mean, np.ones(1), training=False)
    assert dweight == 2.0**-30


def test_inference_has_eps_under_the_root():
    y = batch_norm_inference(np.array([[5.0]]), [1.0], [7.0], [3.0], [10.0], eps=9.0)
    assert y == 10 + 3 * (5 - 1) / 4


def test_inference_equals_training_when_the_running_statistics_are_the_batchs():
    x = _random(4, 3, 5)
    weight, bias = _random(2, 3, seed=1)
    y, mean, _ = batch_norm_forward(x, weight, bias)
    count, _, m2 = batch_norm_statistics(x)
    _assert_close(batch_norm_inference(x, mean, m2 / count, weight, bias), y)
