"""Running statistics that cannot be moved are refused, and none are touched where anything is."""

import numpy as np
import pytest

import simdnorm
from moving import each_moving, each_training, evaluate, running, train
from norms import SPEC, assert_same, small_case

X = np.ones((4, 3, 2), np.float32)


def assert_untouched(name, x, words, pair=None, **options):
    """Training is refused, and leaves the running statistics as they were."""
    mean, var = (np.full(3, 5, x.dtype), np.full(3, 6, x.dtype)) if pair is None else pair
    before = mean.copy(), var.copy()
    with pytest.raises((TypeError, ValueError), match=words):
        train(name, x, mean, var, **options)
    assert_same(mean, before[0])
    assert_same(var, before[1])


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        (name, shape)
        for name in ("batch_norm", "batch_norm_forward")
        for shape in [(0, 3), (1, 3), (3, 3, 0), (1, 3, 1, 1)]
    ]
    + [("instance_norm", shape) for shape in [(5, 3), (5, 3, 1), (5, 3, 0), (0, 3, 7)]],
)
def test_training_on_fewer_than_two_values_is_refused(name, shape):
    assert_untouched(name, np.ones(shape), r"2 or more values per channel.*, got [01]")


@each_training
def test_training_on_fewer_than_two_values_that_a_mask_leaves_is_refused(name):
    mask = np.ones(X.shape, bool)
    mask[0 if name == "instance_norm" else slice(None), 1] = False
    for left in (0, 1):
        mask[0, 1, :left] = True
        assert_untouched(name, X, f"mask: statistics need 2 or more values per channel.*, got {left}", mask=mask)


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 1), (5, 3, 0)], ids=str)
def test_instances_of_fewer_than_two_values_are_refused_by_the_training_pair_too(shape):
    with pytest.raises(ValueError, match=r"2 or more values per channel of a sample, got [01]"):
        simdnorm.instance_norm_forward(np.ones(shape))


def test_no_sample_at_all_is_no_error_where_nothing_is_averaged():
    assert train("instance_norm", np.ones((0, 3, 7)), None, None).shape == (0, 3, 7)


@pytest.mark.parametrize("wrong", ["eps", "momentum", "out", "bias", "channel_axis", "mask"])
@each_training
def test_running_statistics_are_untouched_after_any_error(name, wrong):
    case = small_case(SPEC[f"{name}_moving"])
    bad = {"eps": -1.0, "momentum": 2.0, "out": case.x.T, "bias": case.bias[1:], "channel_axis": 7, "mask": case.x}
    assert_untouched(name, case.x, wrong, running(case), **{wrong: bad[wrong]})


def _faults():
    x = X.copy()
    good, read_only, both = np.ones(3, np.float32), np.ones(3, np.float32), np.ones(3, np.float32)
    read_only.flags.writeable = False
    room = np.ones(5, np.float32)
    return {
        "one missing": (x, good, None),
        "the other missing": (x, None, good),
        "of size 0": (x, np.ones(0, np.float32), good),
        "of size 1": (x, good, np.ones(1, np.float32)),
        "the same memory": (x, both, both),
        "overlapping": (x, room[:3], room[2:]),
        "x's memory for the mean": (x, x[1, :, 0], good),
        "x's memory for the variance": (x, good, x[1, :, 0]),
        "of two dtypes": (x.astype(np.float16), good, good.astype(np.float16)),
        "read-only": (x, good, read_only),
        "zero strides": (x, np.lib.stride_tricks.as_strided(both, (3,), (0,)), good),
    }


@pytest.mark.parametrize("fault", _faults())
@each_training
def test_unfit_running_statistics_are_refused(name, fault):
    x, mean, var = _faults()[fault]
    with pytest.raises((TypeError, ValueError), match="running_"):
        train(name, x, mean, var)
    if fault not in ("read-only", "zero strides") and name != "batch_norm_forward":
        with pytest.raises((TypeError, ValueError), match="running_"):
            evaluate(name, x, mean, var)
    assert (x == 1).all()


@pytest.mark.parametrize("call", [train, evaluate])
@each_moving
def test_running_statistics_that_share_memory_with_out_are_refused(name, call):
    for function in {name, "batch_norm_forward"} if call is train else {name}:
        out, other = np.full((4, 3, 2), 9.0), np.ones(3)
        for pair in ((out[0, :, 0], other), (other, out[0, :, 0])):
            with pytest.raises(ValueError, match="out overlaps"):
                call(function, np.ones((4, 3, 2)), *pair, out=out)
            assert (out == 9).all() and (other == 1).all()


@pytest.mark.parametrize("other", ["weight", "bias", "mask"])
@each_training
def test_running_statistics_that_share_memory_with_what_is_read_are_refused(name, other):
    shared = np.full(3, 9, np.float32)
    value = shared
    if other == "mask":
        value = shared.view(bool)[:3]
        value[...] = True, True, False
    words = f"running_mean or running_var overlaps {other}"
    x = np.ones((4, 3, 3), np.float32)
    assert_untouched(name, x, words, (shared, np.ones(3, np.float32)), **{other: value})
