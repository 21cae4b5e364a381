"""Masks that are none, or leave too little, are refused."""

import numpy as np
import pytest

import simdnorm
from layouts import channels_last, full_sized
from norms import SPEC, SPECS, small_case
from refusals import assert_refused, quoted

MASKED = [spec for spec in SPECS if spec.takes("mask")]
each_masked_spec = pytest.mark.parametrize("spec", MASKED, ids=lambda spec: spec.name)
SHAPE = (4, 6, 3, 7)  # of small_case


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, object])
@each_masked_spec
def test_a_mask_of_another_dtype_is_refused(spec, kind):
    assert_refused(spec, TypeError, "^mask has dtype", "expected bool", mask=np.ones(SHAPE, kind))


@pytest.mark.parametrize("mask", [True, [[True]], np.ma.masked_array(np.ones(SHAPE, bool))], ids=["bool", "list", "ma"])
@each_masked_spec
def test_a_mask_that_is_no_plain_array_is_refused(spec, mask):
    assert_refused(spec, TypeError, "^mask must be a", mask=mask)


@pytest.mark.parametrize(
    "shape",
    [(4, 6), (4,), (4, 6, 3, 1, 7), (1, 4, 6, 3, 7), (8, 6, 3, 7), (4, 6, 3, 14), (6, 1), (0,), (4, 0, 3, 7)],
    ids=str,
)
@each_masked_spec
def test_a_mask_that_does_not_broadcast_to_x_is_refused_with_both_shapes(spec, shape):
    words = "^mask has shape", quoted(shape), "broadcasts to", quoted(SHAPE)
    assert_refused(spec, ValueError, *words, mask=np.ones(shape, bool))


@each_masked_spec
def test_a_mask_that_is_larger_than_x_is_refused(spec):
    case = small_case(spec)
    first = {name: value[:1] for name, value in full_sized(spec.arguments(case)).items()}
    out = {"out": np.zeros_like(case.x[:1])} if spec.out else {}
    assert_refused(spec, ValueError, "^mask has shape", mask=np.ones(SHAPE, bool), **first, **out)


@pytest.mark.parametrize("spec", [spec for spec in MASKED if spec.out], ids=lambda spec: spec.name)
def test_a_mask_in_the_memory_of_out_is_refused(spec):
    out = np.zeros(SHAPE, np.float32)
    mask = out.view(bool)[..., :7]
    mask[...] = True
    mask[0, 0, 0, 0] = False
    assert_refused(spec, ValueError, "out overlaps", "mask", mask=mask, out=out)


def _all_but(channel, values):
    """Leave `values` of a channel, and everything of the others."""
    mask = np.ones(SHAPE, bool)
    mask[:, channel] = False
    mask[0, channel, 0, :values] = True
    return mask


TRAINING = [spec for spec in MASKED if spec.results[0] == "y" and spec.statistics == "own"]


@pytest.mark.parametrize("values", [0, 1])
@pytest.mark.parametrize("view", [np.copy, channels_last], ids=["NCHW", "NHWC"])
@pytest.mark.parametrize("spec", TRAINING, ids=lambda spec: spec.name)
def test_a_mask_that_leaves_a_channel_fewer_than_two_values_is_refused_but_by_groups(spec, view, values):
    case = small_case(spec)
    mask = _all_but(3, values)
    if spec.norm.name == "group_norm":
        y = spec.call(case, x=view(case.x), mask=mask)["y"]
        assert not y[~mask].any() and np.isfinite(y).all()
        return
    if spec.norm.name == "instance_norm":
        mask[1:] = True  # it is enough that one sample's is empty
    words = quoted(SHAPE), "mask", "2 or more values per channel", f"got {values}"
    assert_refused(spec, ValueError, *words, x=view(case.x), mask=mask)


@pytest.mark.parametrize("name", ["batch_norm_moving", "instance_norm_moving", "batch_norm", "instance_norm"])
def test_two_values_are_enough(name):
    spec = SPEC[name]
    mask = _all_but(3, 2)
    if spec.norm.name == "instance_norm":
        mask[1:, 3, 0, :2] = True
    y = spec.call(small_case(spec), mask=mask)["y"]
    assert np.isfinite(y).all() and y[mask].all() and not y[~mask].any()


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 1, 1)], ids=str)
def test_groups_of_single_values_may_be_masked_channel_by_channel(shape):
    x = np.random.default_rng(0).normal(size=(5, 6))
    mask = np.array([1, 1, 0, 1, 1, 1] * 5, bool).reshape(5, 6)
    y = simdnorm.group_norm(x.reshape(shape), 2, eps=0.0, mask=mask.reshape(shape)).reshape(5, 6)
    expected = np.sign(x[:, :1] - x[:, 1:2]) * [1, -1, 0]  # two values are one standard deviation from their mean
    np.testing.assert_allclose(y[:, :3], expected, atol=1e-15)
    np.testing.assert_allclose(y[:, 3:], simdnorm.group_norm(x[:, 3:], 1, eps=0.0), atol=1e-14)
