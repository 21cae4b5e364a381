"""Running statistics: exactly the average that API.md says, and untouched wherever something is refused."""

import numpy as np
import pytest

import simdnorm
from norms import assert_within_bound, each_dtype
from simdnorm._selfcheck import expected
from simdnorm._selfcheck.cases import batch_norm_case


def _running(case):
    return case.running_mean.copy(), case.running_var.copy()


@each_dtype
@pytest.mark.parametrize("shape", [(2, 3), (5, 16), (3, 4, 33), (40, 7, 9, 9)])
def test_running_statistics_keep_the_bound(isa, shape, dtype):
    for kind in ("random", "far"):
        case = batch_norm_case(shape, dtype, kind)
        mean, var = _running(case)
        simdnorm.batch_norm(case.x, mean, var, training=True)
        assert_within_bound({"running_mean": mean, "running_var": var}, expected.running(case))


def test_the_running_variance_is_unbiased_unless_it_is_asked_to_be_biased(isa):
    x = np.array([[0.0], [2.0], [4.0]])
    for unbiased, var_of_batch in ((True, 4.0), (False, 8 / 3)):
        mean, var = np.zeros(1), np.ones(1)
        simdnorm.batch_norm_forward(x, None, None, mean, var, 0.25, unbiased=unbiased)
        np.testing.assert_allclose(mean, 0.25 * 2.0, rtol=1e-15)
        np.testing.assert_allclose(var, 0.75 + 0.25 * var_of_batch, rtol=1e-15)


@pytest.mark.parametrize("momentum", [0, 0.0, 1, 1.0, np.float32(0.5)])
def test_momentum_weights_the_batch(isa, momentum):
    x = np.array([[1.0, 10.0], [3.0, 30.0]])
    mean, var = np.array([5.0, 6.0]), np.array([7.0, 8.0])
    simdnorm.batch_norm_forward(x, None, None, mean, var, momentum)
    m = float(momentum)
    np.testing.assert_allclose(mean, [(1 - m) * 5 + m * 2, (1 - m) * 6 + m * 20], rtol=1e-15)
    np.testing.assert_allclose(var, [(1 - m) * 7 + m * 2, (1 - m) * 8 + m * 200], rtol=1e-15)


def test_running_statistics_of_any_layout_are_updated_in_place(isa):
    case = batch_norm_case((5, 6), np.dtype(np.float32))
    mean, var = _running(case)
    y = simdnorm.batch_norm(case.x, mean, var, training=True)
    table = np.stack([case.running_mean, case.running_var], axis=1)
    in_table = simdnorm.batch_norm(case.x, table[:, 0], table[:, 1], training=True)
    np.testing.assert_array_equal(table, np.stack([mean, var], axis=1))
    np.testing.assert_array_equal(in_table, y)


def test_evaluation_leaves_running_statistics_alone(isa):
    case = batch_norm_case((5, 6), np.dtype(np.float32))
    mean, var = _running(case)
    mean.flags.writeable = var.flags.writeable = False
    simdnorm.batch_norm(case.x, mean, var, case.weight, case.bias)
    np.testing.assert_array_equal(mean, case.running_mean)
    np.testing.assert_array_equal(var, case.running_var)


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (3, 3, 0), (1, 3, 1, 1)])
def test_training_on_fewer_than_two_values_is_refused_and_running_statistics_are_untouched(isa, shape):
    mean, var, x = np.full(3, 5.0), np.full(3, 6.0), np.ones(shape)
    with pytest.raises(ValueError, match=r"2 or more values per channel, got [01]"):
        simdnorm.batch_norm(x, mean, var, training=True)
    with pytest.raises(ValueError, match=r"2 or more values per channel, got [01]"):
        simdnorm.batch_norm_forward(x, None, None, mean, var)
    assert (mean == 5).all() and (var == 6).all()


@pytest.mark.parametrize("wrong", ["eps", "momentum", "out", "bias", "channel_axis", "unbiased"])
def test_running_statistics_are_untouched_after_any_error(isa, wrong):
    case = batch_norm_case((5, 6), np.dtype(np.float32))
    mean, var = _running(case)
    bad = {"eps": -1.0, "momentum": 2.0, "out": case.x.T, "bias": case.bias[1:], "channel_axis": 7, "unbiased": 3}
    with pytest.raises((TypeError, ValueError), match=wrong):
        simdnorm.batch_norm_forward(case.x, running_mean=mean, running_var=var, **{wrong: bad[wrong]})
    np.testing.assert_array_equal(mean, case.running_mean)
    np.testing.assert_array_equal(var, case.running_var)


def _faults():
    x = np.ones((4, 3), np.float32)
    good, read_only, both = np.ones(3, np.float32), np.ones(3, np.float32), np.ones(3, np.float32)
    read_only.flags.writeable = False
    return {
        "one missing": (x, good, None),
        "the other missing": (x, None, good),
        "of size 0": (x, np.ones(0, np.float32), good),
        "of size 1": (x, good, np.ones(1, np.float32)),
        "the same memory": (x, both, both),
        "overlapping": (x, np.ones(5, np.float32)[:3], None),
        "x's memory": (x, x[1], good),
        "read-only": (x, good, read_only),
        "zero strides": (x, np.lib.stride_tricks.as_strided(both, (3,), (0,)), good),
    }


@pytest.mark.parametrize("fault", _faults())
def test_unfit_running_statistics_are_refused(isa, fault):
    x, mean, var = _faults()[fault]
    if fault == "overlapping":
        var = mean.base[2:]
    with pytest.raises(ValueError, match="running_"):
        simdnorm.batch_norm(x, mean, var, training=True)
    if fault not in ("read-only", "zero strides"):
        with pytest.raises(ValueError, match="running_"):
            simdnorm.batch_norm(x, mean, var)
    assert (x == 1).all()


@pytest.mark.parametrize("training", [False, True])
def test_running_statistics_that_share_memory_with_out_are_refused(isa, training):
    x, out, var = np.ones((4, 3)), np.full((4, 3), 9.0), np.ones(3)
    with pytest.raises(ValueError, match="out overlaps"):
        simdnorm.batch_norm(x, out[0], var, training=training, out=out)
    assert (out == 9).all()


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_running_statistics_that_share_memory_with_a_parameter_are_refused(isa, name):
    x, shared, var = np.ones((4, 3)), np.full(3, 9.0), np.ones(3)
    with pytest.raises(ValueError, match=f"running_mean or running_var overlaps {name}"):
        simdnorm.batch_norm_forward(x, running_mean=shared, running_var=var, **{name: shared})
    assert (shared == 9).all()


def test_evaluation_needs_running_statistics_and_training_does_not(isa):
    x = np.array([[1.0], [3.0]])
    with pytest.raises(ValueError, match="running_mean and running_var are None"):
        simdnorm.batch_norm(x, None, None)
    np.testing.assert_allclose(simdnorm.batch_norm(x, None, None, training=True), [[-1], [1]], rtol=1e-5)
