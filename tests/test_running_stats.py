"""Running statistics move exactly as API.md says: by how much, in which dtype, and in place."""

import numpy as np
import pytest

import simdnorm
from layouts import every_second, odd_offset, reversed_memory, unaligned
from moving import each_moving, evaluate, running, train
from norms import FLOAT32, SPEC, assert_equal, assert_same, each_dtype, each_sixteen_bits, small_case


def batch(name, x):
    """What the running statistics are moved by: mean and unbiased variance, of (N, C, L) in float64."""
    x = x.astype(np.float64)
    if name == "batch_norm":
        return x.mean((0, 2)), x.var((0, 2), ddof=1)
    return x.mean(2).mean(0), x.var(2, ddof=1).mean(0)


def case_of(name, dtype=FLOAT32, **options):
    return small_case(SPEC[f"{name}_moving"], dtype, **options)


def test_the_running_variance_is_unbiased_unless_it_is_asked_to_be_biased(isa):
    x = np.array([[0.0], [2.0], [4.0]])
    for unbiased, var_of_batch in ((True, 4.0), (False, 8 / 3)):
        mean, var = np.zeros(1), np.ones(1)
        simdnorm.batch_norm_forward(x, None, None, mean, var, 0.25, unbiased=unbiased)
        np.testing.assert_allclose(mean, 0.25 * 2.0, rtol=1e-15)
        np.testing.assert_allclose(var, 0.75 + 0.25 * var_of_batch, rtol=1e-15)


def test_under_a_mask_each_channel_is_unbiased_by_its_own_count(isa):
    x = np.array([[0.0, 1.0], [2.0, 5.0], [4.0, np.nan]])
    mask = np.array([[True, True], [True, True], [True, False]])
    for unbiased, expected in ((True, [4.0, 8.0]), (False, [8 / 3, 4.0])):
        mean, var = np.zeros(2), np.ones(2)
        simdnorm.batch_norm_forward(x, None, None, mean, var, 1.0, unbiased=unbiased, mask=mask)
        np.testing.assert_allclose(mean, [2.0, 3.0], rtol=1e-15)
        np.testing.assert_allclose(var, expected, rtol=1e-15)


def test_instance_norm_moves_them_by_the_average_over_the_samples(isa):
    x = np.array([[[0.0, 2.0, 4.0]], [[10.0, 10.0, 16.0]]])
    mean, var = np.zeros(1), np.ones(1)
    train("instance_norm", x, mean, var, 0.25)
    np.testing.assert_allclose(mean, 0.25 * (2 + 12) / 2, rtol=1e-15)
    np.testing.assert_allclose(var, 0.75 + 0.25 * (4 + 12) / 2, rtol=1e-15)


@pytest.mark.parametrize("momentum", [0, 0.0, 1, 1.0, np.float32(0.5)])
@each_moving
def test_momentum_weights_the_batch(isa, name, momentum):
    x = np.random.default_rng(0).normal(size=(3, 2, 5))
    mean, var = np.array([5.0, 6.0]), np.array([7.0, 8.0])
    train(name, x, mean, var, momentum)
    m = float(momentum)
    for moved, old, new in zip((mean, var), ([5.0, 6.0], [7.0, 8.0]), batch(name, x), strict=True):
        # An average of at most 15 values of about 1, then three roundings of values up to 8.
        np.testing.assert_allclose(moved, (1 - m) * np.array(old) + m * new, rtol=0, atol=24 * 2**-52)


@each_dtype
@each_moving
def test_momentum_0_leaves_every_bit(isa, name, dtype):
    case = case_of(name, dtype)
    mean, var = running(case)
    train(name, case.x, mean, var, 0.0)
    assert_same(mean, case.running_mean)
    assert_same(var, case.running_var)


@each_dtype
@each_moving
def test_momentum_1_keeps_nothing_of_the_old(isa, name, dtype):
    case = case_of(name, dtype)
    first, other = running(case), tuple(a * dtype.type(3) for a in running(case))
    train(name, case.x, *first, 1.0)
    train(name, case.x, *other, 1.0)
    for a, b in zip(first, other, strict=True):
        assert_equal(a, b)


@each_dtype
@each_moving
def test_momentum_of_1_over_the_step_gives_the_cumulative_average(isa, name, dtype):
    rng = np.random.default_rng(0)
    batches = [rng.normal(step, 1, (4, 3, 9)).astype(dtype) for step in range(5)]
    mean, var = np.full(3, 99, dtype), np.full(3, 99, dtype)
    for step, x in enumerate(batches, 1):
        train(name, x, mean, var, 1 / step)
    # Each of five steps rounds values of at most 4 once to the dtype of the running statistics; what is computed
    # before that, in float32 or better, stays below one more such rounding.
    unit = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}[dtype.name]
    for moved, expected in zip((mean, var), zip(*(batch(name, x) for x in batches), strict=True), strict=True):
        np.testing.assert_allclose(moved.astype(np.float64), np.mean(expected, axis=0), rtol=0, atol=2 * 5 * 4 * unit)


@each_sixteen_bits
@each_moving
def test_16_bits_are_moved_in_float32_and_rounded_once(isa, name, dtype):
    case = case_of(name, dtype)
    mean, var = running(case)
    wide = mean.astype(np.float32), var.astype(np.float32)
    y = train(name, case.x, mean, var)
    assert_same(train(name, case.x, *wide), y)
    assert_same(mean, wide[0].astype(dtype))
    assert_same(var, wide[1].astype(dtype))
    assert (wide[0] != mean.astype(np.float32)).any()  # float32 beside 16 bits is not rounded


def test_a_variance_too_large_for_float16_is_infinite_there(isa):
    x = np.array([[60000.0], [-60000.0]], np.float16)
    mean, var = np.zeros(1, np.float16), np.ones(1, np.float16)
    train("batch_norm", x, mean, var, 1.0)
    assert mean[0] == 0 and var[0] == np.inf


@pytest.mark.parametrize(
    "layout", [every_second, reversed_memory, unaligned, odd_offset], ids=lambda layout: layout.__name__
)
@each_dtype
@each_moving
def test_running_statistics_of_any_layout_are_updated_in_place(isa, name, dtype, layout):
    case = case_of(name, dtype)
    mean, var = running(case)
    y = train(name, case.x, mean, var)
    for other in (np.copy, layout):  # one of a kind, or both
        pair = layout(case.running_mean), other(case.running_var)
        assert_same(train(name, case.x, *pair), y)
        assert_same(pair[0], mean)
        assert_same(pair[1], var)


@each_moving
def test_two_columns_of_a_table_are_updated_in_place(isa, name):
    case = case_of(name)
    mean, var = running(case)
    train(name, case.x, mean, var)
    table = np.stack(running(case), axis=1)
    train(name, case.x, table[:, 0], table[:, 1])
    np.testing.assert_array_equal(table, np.stack([mean, var], axis=1))


@each_dtype
@each_moving
def test_evaluation_leaves_running_statistics_alone(isa, name, dtype):
    case = case_of(name, dtype)
    mean, var = running(case)
    mean.flags.writeable = var.flags.writeable = False
    evaluate(name, case.x, mean, var, case.weight, case.bias)
    assert_same(mean, case.running_mean)
    assert_same(var, case.running_var)


@each_dtype
def test_instance_norm_without_input_statistics_is_batch_norm_in_evaluation(isa, dtype):
    case = case_of("instance_norm", dtype, mask="lengths")
    arguments = case.x, *running(case), case.weight, case.bias
    assert_same(
        evaluate("instance_norm", *arguments, mask=case.mask), evaluate("batch_norm", *arguments, mask=case.mask)
    )


@each_moving
def test_evaluation_needs_running_statistics_and_training_does_not(isa, name):
    x = np.array([[[1.0, 3.0]]])
    with pytest.raises(ValueError, match=r"running_mean and running_var are None: give both, or .*=True"):
        evaluate(name, x, None, None)
    np.testing.assert_allclose(train(name, x, None, None), [[[-1, 1]]], rtol=1e-5)
