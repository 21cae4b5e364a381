"""BatchNorm in parts: what the shares compute and exchange adds up to the whole, whatever they hold."""

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
    merge_statistics,
    running_update,
)

UNIT = float(np.finfo(np.longdouble).eps)  # of the working precision for float64 input


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _assert_close(actual, expected):
    # Both sides are some ten roundings and a short sum away from the truth.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * np.max(np.abs(expected)))


@pytest.mark.parametrize("channel_axis", [1, -1])
def test_the_parts_over_three_shares_are_the_whole(channel_axis):
    dy, x = _random(2, 7, 4, 4)
    x += 1e5
    weight, bias = _random(2, 4, seed=1)
    dys, xs = (np.split(a, [2, 3]) for a in (dy, x))

    a, b, c = (batch_norm_statistics(share, channel_axis=channel_axis) for share in xs)
    count, mean, m2 = merge_statistics(merge_statistics(a, b), c)
    rstd = 1 / np.sqrt(m2 / count + np.longdouble(1e-5))
    y = [batch_norm_apply(x_, mean, rstd, weight, bias, channel_axis=channel_axis) for x_ in xs]
    sums = [
        batch_norm_backward_sums(dy_, x_, mean, rstd, channel_axis=channel_axis)
        for dy_, x_ in zip(dys, xs, strict=True)
    ]
    sum_dy, sum_dy_xhat = (np.sum(s, axis=0) for s in zip(*sums, strict=True))
    dx = [
        batch_norm_backward_apply(dy_, x_, mean, rstd, weight, sum_dy, sum_dy_xhat, count, channel_axis=channel_axis)
        for dy_, x_ in zip(dys, xs, strict=True)
    ]

    y_, mean_, rstd_ = batch_norm_forward(x, weight, bias, channel_axis=channel_axis)
    dx_, dweight_, dbias_ = batch_norm_backward(dy, x, mean_, rstd_, weight, channel_axis=channel_axis)
    np.testing.assert_array_equal(count, x.size // 4)
    _assert_close(mean, mean_)
    # Each share's mean is right to its own last place only, which is `ratio` times coarser than the spread's.
    ratio = np.max(np.abs(x)) * np.max(rstd_)
    for actual, expected in [
        (rstd, rstd_),
        (np.concatenate(y), y_),
        (np.concatenate(dx), dx_),
        (sum_dy_xhat, dweight_),
        (sum_dy, dbias_),
    ]:
        scale = np.max(np.abs(expected)) * (1 + ratio)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=64 * UNIT * scale)


def test_statistics_are_count_mean_and_sum_of_squared_deviations():
    count, mean, m2 = batch_norm_statistics(np.array([[1.0, 0], [2, 0], [6, 3]]))
    np.testing.assert_array_equal(count, np.full(2, 3, dtype=np.int64), strict=True)
    np.testing.assert_array_equal(mean, [3, 1])
    np.testing.assert_array_equal(m2, [4 + 1 + 9, 1 + 1 + 4])


def test_merging_a_share_without_values_changes_nothing():
    some = batch_norm_statistics(_random(5, 3))
    none = batch_norm_statistics(np.zeros((0, 3)))
    for merged in (merge_statistics(some, none), merge_statistics(none, some)):
        for actual, expected in zip(merged, some, strict=True):
            np.testing.assert_array_equal(actual, expected)
    for actual in merge_statistics(none, none):
        np.testing.assert_array_equal(actual, 0)


def test_merging_counts_beyond_32_bits_does_not_wrap():
    huge = 2**40
    count, mean, m2 = merge_statistics(([huge], [0.0], [0.0]), ([huge], [2.0], [0.0]))
    assert (count[0], mean[0], m2[0]) == (2 * huge, 1, 2 * huge)


@pytest.mark.parametrize(("unbiased", "ddof"), [(True, 1), (False, 0)])
def test_running_update_weighs_the_batch_by_momentum(unbiased, ddof):
    x = _random(6, 3, 2)
    new_mean, new_var = running_update(
        np.full(3, 5.0), np.full(3, 7.0), *batch_norm_statistics(x), momentum=0.25, unbiased=unbiased
    )
    wide = x.astype(np.longdouble)
    _assert_close(new_mean, 0.75 * 5 + 0.25 * np.mean(wide, axis=(0, 2)))
    _assert_close(new_var, 0.75 * 7 + 0.25 * np.var(wide, axis=(0, 2), ddof=ddof))


@pytest.mark.parametrize("shape", [(0, 3), (5, 0), (0, 0), (2, 3, 0)])
def test_empty_arrays_have_empty_results_and_zero_parameter_gradients(shape):
    x, parameter = np.zeros(shape), np.ones(shape[1])
    y, mean, rstd = batch_norm_forward(x, parameter, parameter)
    dx, dweight, dbias = batch_norm_backward(x, x, mean, rstd, parameter)
    count, _, m2 = batch_norm_statistics(x)
    sums = batch_norm_backward_sums(x, x, mean, rstd)
    parts_dx = batch_norm_backward_apply(x, x, mean, rstd, parameter, *sums, count)

    for whole in (y, dx, parts_dx, batch_norm_inference(x, mean, parameter), batch_norm_apply(x, mean, rstd)):
        assert whole.shape == shape
    assert mean.shape == rstd.shape == parameter.shape
    if 0 not in shape[:1] + shape[2:]:
        return
    for zero in (dweight, dbias, count, m2, *sums):
        np.testing.assert_array_equal(zero, np.zeros_like(parameter))


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stay_in_their_channel(poison):
    dy, clean = _random(2, 4, 3)
    x = clean.copy()
    x[2, 1] = poison

    def whole(x_):
        y, mean, rstd = batch_norm_forward(x_)
        return (y, mean, rstd, *batch_norm_backward(dy, x_, mean, rstd)[:2])

    def parts(x_):
        count, mean, m2 = merge_statistics(batch_norm_statistics(x_[:2]), batch_norm_statistics(x_[2:]))
        var = running_update(mean, m2, count, mean, m2)[1]
        y = batch_norm_inference(x_, mean, var)
        sums = batch_norm_backward_sums(dy, x_, mean, m2)
        return mean, m2, var, y, sums[1], batch_norm_backward_apply(dy, x_, mean, m2, None, *sums, count)

    for way in (whole, parts):
        for poisoned, unharmed in zip(way(x), way(clean), strict=True):
            assert np.all(np.isnan(poisoned[..., 1]))
            np.testing.assert_array_equal(poisoned[..., ::2], unharmed[..., ::2])


def test_infinite_statistics_give_nan_without_a_warning():
    x, infinite = np.full((1, 1), np.inf), np.full(1, np.inf)
    results = [
        batch_norm_apply(x, infinite, infinite),
        batch_norm_inference(x, infinite, -infinite),
        batch_norm_backward(x, x, infinite, infinite, training=False)[1],
        batch_norm_backward_sums(x, x, infinite, infinite)[1],
        batch_norm_backward_apply(x, x, infinite, infinite, None, infinite, infinite, [1]),
        merge_statistics((1, infinite, infinite), (1, infinite, infinite))[1],
    ]
    for result in results:
        assert np.all(np.isnan(result))


def test_one_value_has_no_unbiased_variance():
    # Functions that validate refuse it; here 0 / 0 is what it is, without a warning.
    mean, var = running_update([0.0], [1.0], *batch_norm_statistics(np.ones((1, 1))))
    np.testing.assert_allclose(mean, 0.1, rtol=1e-15)
    assert np.isnan(var)
