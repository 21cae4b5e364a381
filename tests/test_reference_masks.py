"""Masks in the reference: what is left out counts for nothing, whatever stands there."""

from functools import partial

import numpy as np
import pytest

from simdnorm.reference import (
    batch_norm_apply,
    batch_norm_backward,
    batch_norm_backward_apply,
    batch_norm_backward_sums,
    batch_norm_forward,
    batch_norm_inference,
    batch_norm_statistics,
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
    instance_norm_running,
    merge_statistics,
    numerical_gradient,
)

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input

NORMS = {
    "batch": (batch_norm_forward, batch_norm_backward),
    "group": (partial(group_norm_forward, num_groups=2), partial(group_norm_backward, num_groups=2)),
    "instance": (instance_norm_forward, instance_norm_backward),
}
each_norm = pytest.mark.parametrize("norm", NORMS)
each_channel_axis = pytest.mark.parametrize("channel_axis", [1, -1])


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _assert_close(actual, expected):
    # Both sides are some ten roundings and a short sum away from the truth.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


def _some_mask(shape, seed=5):
    """Return a mask that differs everywhere, and leaves most of every channel."""
    return np.random.default_rng(seed).random(shape) < 0.75


def _both_ways(norm, dy, x, weight, bias, mask, channel_axis=1):
    forward, backward = NORMS[norm]
    options = {"channel_axis": channel_axis, "mask": mask}
    y, mean, rstd = forward(x, weight=weight, bias=bias, **options)
    return y, mean, rstd, *backward(dy, x, mean, rstd, weight=weight, **options)


def _everything(dy, x, weight, bias, mask, channel_axis):
    """Return the results of every function that takes a mask."""
    options = {"channel_axis": channel_axis, "mask": mask}
    results = [result for norm in NORMS for result in _both_ways(norm, dy, x, weight, bias, mask, channel_axis)]
    results += instance_norm_running(weight, weight, x, **options)
    count, mean, m2 = batch_norm_statistics(x, **options)
    results += [count, mean, m2]
    results.append(batch_norm_apply(x, mean, m2, weight, bias, **options))
    results.append(batch_norm_inference(x, mean, m2, weight, bias, **options))
    results += batch_norm_backward(dy, x, mean, m2, weight, training=False, **options)
    sums = batch_norm_backward_sums(dy, x, mean, m2, **options)
    return [*results, *sums, batch_norm_backward_apply(dy, x, mean, m2, weight, *sums, count, **options)]


@each_channel_axis
@pytest.mark.parametrize("mask", [True, np.ones((1, 1, 1, 1)), np.ones((3, 4, 2, 4)), np.ones((2, 1))])
def test_all_true_gives_the_bits_of_no_mask(mask, channel_axis):
    dy, x = _random(2, 3, 4, 2, 4)
    weight, bias = _random(2, 4, seed=1)
    actual, expected = (_everything(dy, x, weight, bias, m, channel_axis) for m in (mask, None))
    for actual_, expected_ in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(actual_, expected_, strict=True)


@each_channel_axis
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, np.finfo(np.longdouble).max])
def test_what_is_left_out_may_be_anything(poison, channel_axis):
    dy, x = _random(2, 3, 4, 2, 4)
    weight, bias = _random(2, 4, seed=1)
    mask = _some_mask(x.shape)
    poisoned = (np.where(mask, a, poison) for a in (dy, x))
    zeros = (np.where(mask, a, 0) for a in (dy, x))
    actual, expected = (_everything(*given, weight, bias, mask, channel_axis) for given in (poisoned, zeros))
    for actual_, expected_ in zip(actual, expected, strict=True):
        assert np.all(np.isfinite(expected_))
        np.testing.assert_array_equal(actual_, expected_, strict=True)


def test_what_is_left_out_comes_out_as_zero():
    dy, x = _random(2, 3, 4, 2, 4)
    weight, bias = _random(2, 4, seed=1)
    mask = _some_mask(x.shape)
    whole = [result for result in _everything(dy, x, weight, bias, mask, 1) if result.shape == x.shape]
    assert len(whole) == 2 * len(NORMS) + 4
    for result in whole:
        np.testing.assert_array_equal(result != 0, mask)


@pytest.mark.parametrize("narrow", [(3, 1, 1), (1, 4, 1), (1, 1, 5), (3, 1, 5), (5,), (4, 1)])
def test_a_mask_broadcasts(narrow):
    dy, x = _random(2, 3, 4, 5)
    weight, bias = _random(2, 4, seed=1)
    mask = (np.arange(np.prod(narrow)) % 3 != 1).reshape(narrow)
    whole = np.broadcast_to(mask, x.shape).copy()
    actual, expected = (_everything(dy, x, weight, bias, m, 1) for m in (mask, whole))
    for actual_, expected_ in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(actual_, expected_, strict=True)


LENGTHS = (5, 2, 7)


@pytest.fixture
def sequences():
    """Sequences of several lengths: padded with rubbish, the mask of that, and one by one."""
    dy, x = _random(2, len(LENGTHS), 4, max(LENGTHS))
    mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None, None]
    cut = [(dy[n, :, :length], x[n, :, :length]) for n, length in enumerate(LENGTHS)]
    return np.where(mask, dy, 1e9), np.where(mask, x, -1e9), mask, cut


@pytest.mark.parametrize("norm", ["group", "instance"])
def test_a_padded_batch_has_the_statistics_and_gradients_of_its_sequences_alone(norm, sequences):
    dy, x, mask, cut = sequences
    weight, bias = _random(2, 4, seed=1)
    y, mean, rstd, dx, dweight, dbias = _both_ways(norm, dy, x, weight, bias, mask)

    gradients = []
    for n, (dy_n, x_n) in enumerate(cut):
        y_, mean_, rstd_, dx_, *parameters = _both_ways(norm, dy_n[None], x_n[None], weight, bias, None)
        _assert_close(y[n, :, : LENGTHS[n]], y_[0])
        _assert_close(dx[n, :, : LENGTHS[n]], dx_[0])
        _assert_close(mean[n], mean_[0])
        _assert_close(rstd[n], rstd_[0])
        gradients.append(parameters)
    for actual_, alone in zip((dweight, dbias), zip(*gradients, strict=True), strict=True):
        _assert_close(actual_, np.sum(alone, axis=0))


def test_a_padded_batch_is_one_batch_of_all_its_values(sequences):
    dy, x, mask, cut = sequences
    weight, bias = _random(2, 4, seed=1)
    y, *statistics, dx, dweight, dbias = _both_ways("batch", dy, x, weight, bias, mask)

    dy_, x_ = (np.concatenate(parts, axis=1).T for parts in zip(*cut, strict=True))
    y_, *statistics_, dx_, dweight_, dbias_ = _both_ways("batch", dy_, x_, weight, bias, None)

    def values(a):
        return np.concatenate([a[n, :, :length] for n, length in enumerate(LENGTHS)], axis=1).T

    for actual, expected in zip((*statistics, dweight, dbias), (*statistics_, dweight_, dbias_), strict=True):
        _assert_close(actual, expected)
    _assert_close(values(y), y_)
    _assert_close(values(dx), dx_)


def test_running_statistics_of_a_padded_batch_are_those_of_its_sequences(sequences):
    _, x, mask, cut = sequences
    mean, var = instance_norm_running(np.zeros(4), np.zeros(4), x, 1, mask=mask)
    _assert_close(mean, np.mean([np.mean(np.longdouble(x_n), axis=1) for _, x_n in cut], axis=0))
    _assert_close(var, np.mean([np.var(np.longdouble(x_n), axis=1, ddof=1) for _, x_n in cut], axis=0))


@each_norm
@each_channel_axis
def test_backward_equals_finite_differences(norm, channel_axis):
    dy, x = np.longdouble(_random(2, 2, 4, 4))
    weight, bias = np.longdouble(_random(2, 4, seed=1))
    mask = _some_mask(x.shape)
    actual = _both_ways(norm, dy, x, weight, bias, mask, channel_axis)[3:]

    def y_of(x_, weight_, bias_):
        return NORMS[norm][0](x_, weight=weight_, bias=bias_, channel_axis=channel_axis, mask=mask)[0]

    expected = (
        numerical_gradient(lambda x_: y_of(x_, weight, bias), x, dy),
        numerical_gradient(lambda weight_: y_of(x, weight_, bias), weight, dy),
        numerical_gradient(lambda bias_: y_of(x, weight, bias_), bias, dy),
    )
    for actual_, expected_ in zip(actual, expected, strict=True):
        # Finite differences are right to two thirds of the digits: 19 * 2 / 3, less what the bend of y takes.
        np.testing.assert_allclose(actual_, expected_, rtol=0, atol=1e-9 * np.max(np.abs(expected_)))


def test_the_parts_over_three_masked_shares_are_the_whole():
    dy, x = _random(2, 7, 4, 4)
    weight = _random(4, seed=1)
    mask = _some_mask(x.shape)
    mask[3] = False  # and one share has nothing left in one of its samples
    shares = list(zip(*(np.split(a, [2, 3]) for a in (dy, x, mask)), strict=True))

    a, b, c = (batch_norm_statistics(x_, mask=mask_) for _, x_, mask_ in shares)
    count, mean, m2 = merge_statistics(merge_statistics(a, b), c)
    rstd = 1 / np.sqrt(m2 / count + np.longdouble(1e-5))
    sums = [batch_norm_backward_sums(dy_, x_, mean, rstd, mask=mask_) for dy_, x_, mask_ in shares]
    sum_dy, sum_dy_xhat = (np.sum(s, axis=0) for s in zip(*sums, strict=True))
    dx = [
        batch_norm_backward_apply(dy_, x_, mean, rstd, weight, sum_dy, sum_dy_xhat, count, mask=mask_)
        for dy_, x_, mask_ in shares
    ]

    _, mean_, rstd_, dx_, dweight_, dbias_ = _both_ways("batch", dy, x, weight, None, mask)
    np.testing.assert_array_equal(count, np.sum(mask, axis=(0, 2)))
    for actual, expected in [
        (mean, mean_),
        (rstd, rstd_),
        (np.concatenate(dx), dx_),
        (sum_dy_xhat, dweight_),
        (sum_dy, dbias_),
    ]:
        _assert_close(actual, expected)


def test_a_group_of_which_nothing_is_left_has_mean_and_variance_zero():
    dy, x = _random(2, 2, 4, 3)
    mask = np.ones(x.shape, dtype=bool)
    mask[1, :2] = False
    y, mean, rstd, dx, _, _ = _both_ways("group", dy, x, None, np.ones(4), mask)
    np.testing.assert_array_equal((y[1, :2], dx[1, :2]), 0)
    assert mean[1, 0] == 0
    np.testing.assert_allclose(rstd[1, 0], 1 / np.sqrt(np.longdouble(1e-5)), rtol=4 * UNIT)


@each_norm
@pytest.mark.parametrize("mean_by_spread", [0, 1e6, 2.0**52])
def test_backward_needs_no_more_of_the_mean_than_its_rounding(norm, mean_by_spread):
    dy, x = _random(2, 3, 4, 9)
    x = 4 * x + mean_by_spread
    mask = _some_mask(x.shape)
    forward, backward = NORMS[norm]
    _, mean, rstd = forward(x, mask=mask)
    exact = backward(dy, x, mean, rstd, mask=mask)
    rounded = backward(dy, x, mean.astype(np.float64), rstd, mask=mask)
    for actual, expected in zip(rounded, exact, strict=True):
        _assert_close(actual, expected)


def test_masks_are_never_written_to():
    dy, x = np.longdouble(_random(2, 3, 4, 2))
    mask = _some_mask((3, 1, 2))
    for array in (dy, x, mask):
        array.flags.writeable = False
    _everything(dy, x, np.ones(4), np.ones(4), mask, 1)
