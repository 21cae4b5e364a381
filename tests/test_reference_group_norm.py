"""The GroupNorm and InstanceNorm of the reference: the other norms, of other values."""

import numpy as np
import pytest

from simdnorm.reference import (
    batch_norm_backward,
    batch_norm_forward,
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
    instance_norm_running,
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


def _both_ways(dy, x, num_groups, weight=None, bias=None, channel_axis=1):
    y, mean, rstd = group_norm_forward(x, num_groups, weight, bias, channel_axis=channel_axis)
    gradients = group_norm_backward(dy, x, mean, rstd, num_groups, weight, channel_axis=channel_axis)
    return y, mean, rstd, *gradients


def test_one_group_is_layer_norm_over_channels_and_positions():
    dy, x = _random(2, 3, 4, 2, 5)
    weight, bias = _random(2, 4, seed=1)
    y, mean, rstd, dx, dweight, dbias = _both_ways(dy, x, 1, weight, bias)

    everywhere = [np.broadcast_to(parameter[:, None, None], x.shape[1:]) for parameter in (weight, bias)]
    y_, mean_, rstd_ = layer_norm_forward(x, *everywhere, axis=(1, 2, 3))
    dx_, dweight_, dbias_ = layer_norm_backward(dy, x, mean_, rstd_, everywhere[0], axis=(1, 2, 3))
    _assert_close(y, y_)
    _assert_close(mean, mean_.reshape(3, 1))
    _assert_close(rstd, rstd_.reshape(3, 1))
    _assert_close(dx, dx_)
    _assert_close(dweight, np.sum(dweight_, axis=(1, 2)))
    _assert_close(dbias, np.sum(dbias_, axis=(1, 2)))


def test_a_group_for_every_channel_is_batch_norm_of_each_sample_alone():
    dy, x = _random(2, 3, 4, 2, 5)
    weight, bias = _random(2, 4, seed=1)
    y, mean, rstd, dx, dweight, dbias = _both_ways(dy, x, 4, weight, bias)

    dweights, dbiases = [], []
    for n in range(3):
        alone = slice(n, n + 1)
        y_, mean_, rstd_ = batch_norm_forward(x[alone], weight, bias)
        dx_, dweight_, dbias_ = batch_norm_backward(dy[alone], x[alone], mean_, rstd_, weight)
        for actual, expected in [(y[alone], y_), (mean[n], mean_), (rstd[n], rstd_), (dx[alone], dx_)]:
            _assert_close(actual, expected)
        dweights.append(dweight_)
        dbiases.append(dbias_)
    _assert_close(dweight, np.sum(dweights, axis=0))
    _assert_close(dbias, np.sum(dbiases, axis=0))


@pytest.mark.parametrize("channel_axis", [1, -1])
def test_a_group_for_every_channel_is_instance_norm(channel_axis):
    dy, x = _random(2, 3, 4, 2, 4)
    weight, bias = _random(2, 4, seed=1)
    y, mean, rstd = instance_norm_forward(x, weight, bias, channel_axis=channel_axis)
    gradients = instance_norm_backward(dy, x, mean, rstd, weight, channel_axis=channel_axis)
    expected = _both_ways(dy, x, 4, weight, bias, channel_axis)
    for actual_, expected_ in zip((y, mean, rstd, *gradients), expected, strict=True):
        np.testing.assert_array_equal(actual_, expected_, strict=True)


@pytest.mark.parametrize("num_groups", [1, 2, 3, 6])
def test_a_group_is_that_many_neighbouring_channels(num_groups):
    dy, x = _random(2, 2, 6, 5)
    y, mean, rstd, dx, _, _ = _both_ways(dy, x, num_groups)
    assert mean.shape == rstd.shape == (2, num_groups)
    for n in range(2):
        for g in range(num_groups):
            group = n, slice(g * 6 // num_groups, (g + 1) * 6 // num_groups)
            y_, mean_, rstd_ = layer_norm_forward(x[group], axis=(0, 1))
            dx_, _, _ = layer_norm_backward(dy[group], x[group], mean_, rstd_, axis=(0, 1))
            _assert_close(y[group], y_)
            _assert_close(dx[group], dx_)
            _assert_close((mean[n, g], rstd[n, g]), (mean_[0, 0], rstd_[0, 0]))


@pytest.mark.parametrize("channel_axis", [0, 2, 3, -1])
def test_channels_may_lie_along_any_axis_and_samples_along_the_first_of_the_others(channel_axis):
    dy, x = _random(2, 3, 4, 2, 5)
    weight, bias = _random(2, 4, seed=1)
    moved = [np.moveaxis(a, 1, channel_axis) for a in (dy, x)]
    y, mean, rstd, dx, dweight, dbias = _both_ways(*moved, 2, weight, bias, channel_axis)
    y, dx = (np.moveaxis(a, channel_axis, 1) for a in (y, dx))
    expected = _both_ways(dy, x, 2, weight, bias)
    for actual_, expected_ in zip((y, mean, rstd, dx, dweight, dbias), expected, strict=True):
        _assert_close(actual_, expected_)


def test_without_positions_a_group_is_its_channels():
    x = np.array([[1.0, 3, 5, 5], [0, 0, -2, 2]])
    y, mean, _ = group_norm_forward(x, 2, eps=0)
    np.testing.assert_array_equal(mean, [[2, 5], [0, 0]])
    np.testing.assert_array_equal(y, [[-1, 1, np.nan, np.nan], [np.nan, np.nan, -1, 1]])


@pytest.mark.parametrize("channel_axis", [1, -1, 0])
@pytest.mark.parametrize("num_groups", [1, 2, 4])
def test_backward_equals_finite_differences(num_groups, channel_axis):
    dy, x = (np.moveaxis(np.longdouble(a), 1, channel_axis) for a in _random(2, 2, 4, 3))
    weight, bias = np.longdouble(_random(2, 4, seed=1))
    options = {"channel_axis": channel_axis}
    actual = _both_ways(dy, x, num_groups, weight, bias, channel_axis)[3:]
    expected = (
        numerical_gradient(lambda x_: group_norm_forward(x_, num_groups, weight, bias, **options)[0], x, dy),
        numerical_gradient(lambda weight_: group_norm_forward(x, num_groups, weight_, bias, **options)[0], weight, dy),
        numerical_gradient(lambda bias_: group_norm_forward(x, num_groups, weight, bias_, **options)[0], bias, dy),
    )
    for actual_, expected_ in zip(actual, expected, strict=True):
        # Finite differences are right to two thirds of the digits: 19 * 2 / 3, less what the bend of y takes.
        np.testing.assert_allclose(actual_, expected_, rtol=0, atol=1e-9 * np.max(np.abs(expected_)))


@pytest.mark.parametrize("value", [0, 0.1, 14, 1e30])
def test_constant_groups_give_the_bias_exactly_and_lose_a_constant_gradient(value):
    x = np.full((2, 6, 999), value)
    bias = _random(6)
    y, mean, _, dx, dweight, _ = _both_ways(np.full_like(x, 0.1), x, 2, np.full(6, 1e10), bias)
    np.testing.assert_array_equal(y, np.broadcast_to(bias[:, None], x.shape))
    np.testing.assert_array_equal(mean, value)
    np.testing.assert_array_equal(dx, 0)
    np.testing.assert_array_equal(dweight, 0)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stay_in_their_group(poison):
    dy, clean = _random(2, 2, 6, 3)
    x = clean.copy()
    x[1, 2, 0] = poison
    harmed = np.zeros(x.shape, dtype=bool)
    harmed[1, 2:4] = True

    y, _, _, dx, _, _ = _both_ways(dy, x, 3)
    y_, _, _, dx_, _, _ = _both_ways(dy, clean, 3)
    for poisoned, unharmed in [(y, y_), (dx, dx_)]:
        assert np.all(np.isnan(poisoned[harmed]))
        np.testing.assert_array_equal(poisoned[~harmed], unharmed[~harmed])


@pytest.mark.parametrize("shape", [(0, 4), (0, 4, 3), (2, 4, 0), (2, 0, 3), (0, 0)])
@pytest.mark.parametrize("norm", ["group", "instance"])
def test_empty_arrays_have_empty_results_and_zero_parameter_gradients(norm, shape):
    x, parameter = np.zeros(shape), np.ones(shape[1])
    groups = 2 if norm == "group" else shape[1]
    if norm == "group":
        y, mean, rstd, dx, dweight, dbias = _both_ways(x, x, 2, parameter, parameter)
    else:
        y, mean, rstd = instance_norm_forward(x, parameter, parameter)
        dx, dweight, dbias = instance_norm_backward(x, x, mean, rstd, parameter)
    assert y.shape == dx.shape == shape
    assert mean.shape == rstd.shape == (shape[0], groups)
    for gradient in (dweight, dbias):
        np.testing.assert_array_equal(gradient, np.zeros(shape[1]))


def test_inputs_are_never_written_to():
    arrays = dy, x, weight, bias = [*np.longdouble(_random(2, 2, 4, 3)), *np.longdouble(_random(2, 4))]
    for array in arrays:
        array.flags.writeable = False  # longdouble is already the working precision: no conversion makes a copy
    _, mean, rstd = group_norm_forward(x, 2, weight, bias)
    mean.flags.writeable = rstd.flags.writeable = False
    group_norm_backward(dy, x, mean, rstd, 2, weight)


@pytest.mark.parametrize("channel_axis", [1, -1])
def test_instance_norm_running_is_moved_by_the_average_instance(channel_axis):
    x = np.longdouble(_random(3, 4, 2, 4))
    x += np.arange(3).reshape(3, 1, 1, 1)  # the spread of the samples' means is no instance's
    mean, var = instance_norm_running(np.full(4, 5.0), np.full(4, 7.0), x, 0.25, channel_axis=channel_axis)
    instances = np.moveaxis(x, channel_axis, 1).reshape(3, 4, -1)
    _assert_close(mean, 0.75 * 5 + 0.25 * np.mean(np.mean(instances, axis=2), axis=0))
    _assert_close(var, 0.75 * 7 + 0.25 * np.mean(np.var(instances, axis=2, ddof=1), axis=0))


@pytest.mark.parametrize("momentum", [0, 1])
def test_instance_norm_running_stays_or_is_replaced_at_the_ends_of_momentum(momentum):
    x = np.array([[[1.0, 3]], [[5, 9]]])
    mean, var = instance_norm_running([100.0], [50.0], x, momentum)
    expected = ([100], [50]) if momentum == 0 else ([(2 + 7) / 2], [(2 + 8) / 2])
    np.testing.assert_array_equal((mean, var), expected)
