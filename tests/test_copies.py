"""What can be read where it stands is not copied, and whatever else is, is copied once: `copies_made` counts."""

from math import prod

import numpy as np
import pytest

import simdnorm
from layouts import LAYOUTS, channels_last, every_second, full_sized, unaligned
from norms import SPECS, assert_same_bits, each_spec, small_case, specs_of
from simdnorm import _layouts
from simdnorm._selfcheck.norms import ADD_LAYER_NORM, ADD_RMS_NORM, LAYER_NORM, RMS_NORM

each_channel_spec = pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.norm.has_channels], ids=lambda spec: spec.name
)


@pytest.fixture
def copies(monkeypatch):
    monkeypatch.setattr(_layouts, "copies_made", 0)
    return lambda: _layouts.copies_made


def inputs_of(spec, case):
    return full_sized(spec.arguments(case))


def lying(shape, memory):
    """Any values of `shape` whose axes lie in memory in that order."""
    order = range(len(shape)) if memory is None else memory
    values = np.random.default_rng(0).normal(size=[shape[a] for a in order])
    return values.transpose(np.argsort(order))


@each_spec
def test_contiguous_arrays_are_not_copied(isa, spec, copies):
    spec.call(small_case(spec))
    assert copies() == 0


@each_channel_spec
@pytest.mark.parametrize("mask", [None, "lengths"])
def test_channels_last_memory_behind_a_channels_first_view_is_not_copied(isa, spec, mask, copies):
    case = small_case(spec, mask=mask if spec.takes("mask") else None)
    moved = {name: channels_last(value) for name, value in inputs_of(spec, case).items()}
    results = spec.call(case, **moved)
    assert copies() == 0
    if spec.out:
        assert results[spec.out].strides == moved["x"].strides


@each_channel_spec
@pytest.mark.parametrize("mask", [None, "lengths", "scattered"])
def test_channels_first_memory_behind_a_channels_last_view_gives_its_bits_without_a_copy(isa, spec, mask, copies):
    case = small_case(spec, mask=mask if spec.takes("mask") else None)
    moved = {name: np.moveaxis(value, 1, -1) for name, value in inputs_of(spec, case).items()}
    if spec.takes("mask"):
        moved["mask"] = None if case.mask is None else np.moveaxis(case.mask, 1, -1)
    results = spec.call(case, **moved, channel_axis=-1)
    assert copies() == 0
    expected = spec.call(case)
    if spec.out:
        results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
    assert_same_bits(results, expected)


@each_channel_spec
def test_channels_last_memory_means_the_same_behind_either_view(isa, spec):
    case = small_case(spec)
    behind_view = spec.call(case, **{name: channels_last(value) for name, value in inputs_of(spec, case).items()})
    plain = {n: np.ascontiguousarray(np.moveaxis(value, 1, -1)) for n, value in inputs_of(spec, case).items()}
    results = spec.call(case, **plain, channel_axis=-1)
    if spec.out:
        results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
    assert_same_bits(results, behind_view)


@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("mask")], ids=lambda spec: spec.name)
def test_a_mask_that_differs_between_channels_costs_channels_last_memory_one_copy(isa, spec, copies):
    case = small_case(spec, mask="scattered")
    moved = {name: channels_last(value) for name, value in inputs_of(spec, case).items()}
    results = spec.call(case, **moved)
    assert copies() == len(moved)
    assert_same_bits(results, spec.call(case))


@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("mask")], ids=lambda spec: spec.name)
def test_a_mask_that_has_the_channels_but_does_not_differ_between_them_costs_nothing(isa, spec, copies):
    case = small_case(spec, mask="lengths")
    moved = {name: channels_last(value) for name, value in inputs_of(spec, case).items()}
    whole = np.broadcast_to(case.mask, case.x.shape)
    results = spec.call(case, **moved)
    for mask in (whole, whole.copy()):
        assert_same_bits(spec.call(case, **moved, mask=mask), results)
    assert copies() == 0


# Shape, order of the axes in memory, reduced axes. As the axes are called in each: samples, channels, height, width.
ROWS_IN_PLACE = {
    "channels of NCHW": ((3, 4, 5, 6), None, 1),
    "channels of NHWC": ((3, 5, 6, 4), None, -1),
    "channels of NHWC behind an NCHW view": ((3, 4, 5, 6), (0, 2, 3, 1), 1),
    "channels of NCHW behind an NHWC view": ((3, 5, 6, 4), (0, 3, 1, 2), -1),
    "channels of NDHWC behind an NCDHW view": ((2, 4, 3, 5, 6), (0, 2, 3, 4, 1), 1),
    "channels of (N, C, L)": ((3, 4, 5), None, 1),
    "channels of (N, L, C) behind an (N, C, L) view": ((3, 4, 5), (0, 2, 1), 1),
    "width of NHWC behind an NCHW view": ((3, 4, 5, 6), (0, 2, 3, 1), 3),
    "channels and height of NHWC behind an NCHW view": ((3, 4, 5, 6), (0, 2, 3, 1), (1, 2)),
    "rows of a transposed matrix": ((7, 5), (1, 0), 0),
    "all but the samples": ((3, 4, 5, 6), None, (1, 2, 3)),
    "the samples": ((3, 4, 5, 6), None, 0),
    "samples and height": ((3, 4, 5, 6), None, (0, 2)),
    "channels and width": ((3, 4, 5, 6), None, (1, 3)),
    "in turns, five runs": ((2, 3, 4, 3, 2), None, (1, 3)),
}
ROWS_COPIED = {
    "in turns, six runs": ((2, 3, 4, 3, 2, 3), None, (0, 2, 4)),
    "rows of a Fortran matrix": ((7, 5), (1, 0), 1),
    "any other order": ((3, 4, 5, 6), (2, 0, 3, 1), (1, 3)),
}


def run(norm, x, axis):
    """Forward and backward of a row norm over `axis`, with parameters."""
    axes = tuple(a % x.ndim for a in np.atleast_1d(axis))
    shape = [x.shape[a] for a in axes]
    parameters = np.random.default_rng(prod(shape)).normal(size=(len(norm.gradients) - 1, *shape))
    y, *saved = getattr(simdnorm, f"{norm.name}_forward")(x, None, *parameters, axis=axis)
    return y, *saved, *getattr(simdnorm, f"{norm.name}_backward")(x, x, *saved, parameters[0], axis=axis)


each_norm_of_axes = pytest.mark.parametrize("norm", [LAYER_NORM, RMS_NORM], ids=lambda norm: norm.name)


@pytest.mark.parametrize("where", ROWS_IN_PLACE)
@each_norm_of_axes
def test_rows_are_read_where_they_stand(isa, norm, where, copies):
    shape, memory, axis = ROWS_IN_PLACE[where]
    x = lying(shape, memory)
    results = run(norm, x, axis)
    assert copies() == 0
    assert results[0].strides == x.strides
    # Summed in another order at most: a bound for sums of 120 values of about 1.
    for actual, expected in zip(results, run(norm, x.copy(order="C"), axis), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=120 * 2**-52 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("where", ROWS_COPIED)
@each_norm_of_axes
def test_other_orders_of_rows_are_copied_and_give_the_bits_of_the_copy(isa, norm, where, copies):
    shape, memory, axis = ROWS_COPIED[where]
    x = lying(shape, memory)
    forward = getattr(simdnorm, f"{norm.name}_forward")
    y, *_ = forward(x, None, axis=axis)
    into_place = memory is None  # of a contiguous x the result is contiguous too
    assert copies() == 1 + into_place
    assert y.flags.c_contiguous
    for actual, expected in zip(run(norm, x, axis), run(norm, x.copy(order="C"), axis), strict=True):
        np.testing.assert_array_equal(actual, expected)


each_sum = pytest.mark.parametrize("norm", [ADD_LAYER_NORM, ADD_RMS_NORM], ids=lambda norm: norm.name)


@each_sum
def test_rows_of_a_sum_that_do_not_lie_together_are_copied_once(isa, norm, copies):
    expected = 0
    for spec in specs_of(norm):
        case = norm.case((3, 5, 6, 4), np.dtype(np.float32))
        moved = {name: channels_last(value) for name, value in inputs_of(spec, case).items()}
        results = spec.call(case, **moved)
        expected += len(moved)
        assert copies() == expected
        assert_same_bits(results, spec.call(case))


@each_sum
def test_rows_of_a_sum_that_lie_together_are_read_where_they_stand(isa, norm, copies):
    case = norm.case((3, 5, 6, 4), np.dtype(np.float32))
    x, residual, weight = channels_last(case.x), channels_last(case.residual), channels_last(case.dy)[0].copy()
    y, summed = getattr(simdnorm, norm.name)(x, residual, (5, 6, 4), weight)
    assert copies() == 0
    assert y.strides == summed.strides == x.strides
    expected, _ = getattr(simdnorm, norm.name)(case.x, case.residual, (5, 6, 4), weight)
    np.testing.assert_allclose(y, expected, rtol=0, atol=120 * 2**-23 * np.abs(expected).max())  # sums of 120 values


@each_sum
def test_statistics_of_other_axes_carry_the_gradient_of_a_sum_back_through_a_copy(isa, norm):
    plain = {ADD_LAYER_NORM: "layer_norm", ADD_RMS_NORM: "rms_norm"}[norm]
    x, dy, dsummed = np.random.default_rng(0).normal(size=(3, 2, 5, 4))
    _, *saved = getattr(simdnorm, f"{plain}_forward")(x, None, axis=0)
    alone = getattr(simdnorm, f"{plain}_backward")(dy, x, *saved, axis=0)
    summed = getattr(simdnorm, f"{norm.name}_backward")(dy, x, *saved, dsummed=dsummed)
    np.testing.assert_allclose(summed[0], alone[0] + dsummed, rtol=0, atol=1e-14)  # some ten roundings of about 1


@pytest.mark.parametrize("layout", [every_second, unaligned, *LAYOUTS[:4]], ids=lambda layout: layout.__name__)
@each_spec
def test_other_layouts_are_copied_once(isa, spec, copies, layout):
    case = small_case(spec)
    for i, (name, value) in enumerate(inputs_of(spec, case).items(), 1):
        results = spec.call(case, **{name: layout(value)})
        assert copies() == i
        if spec.out:
            assert results[spec.out].flags.c_contiguous


@pytest.mark.parametrize("channel_axis", [0, 1, 2, -1])
def test_norms_that_keep_the_samples_apart_copy_only_channels_before_the_samples(isa, channel_axis, copies):
    x = np.moveaxis(np.random.default_rng(0).normal(size=(3, 4, 5, 6)), 1, channel_axis).copy()
    expected = np.moveaxis(simdnorm.group_norm(np.moveaxis(x, channel_axis, 1).copy(), 2), 1, channel_axis)
    assert copies() == 0
    y = simdnorm.group_norm(x, 2, channel_axis=channel_axis)
    in_and_out = 2 if channel_axis == 0 else 0
    assert copies() == in_and_out
    np.testing.assert_allclose(y, expected, rtol=0, atol=60 * 2**-52 * np.abs(expected).max())  # sums of 60 values
    simdnorm.batch_norm(x, None, None, training=True, channel_axis=channel_axis)
    assert copies() == in_and_out
