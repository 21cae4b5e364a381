"""Extreme input has one right answer, and it comes exactly, on every instruction set."""

import numpy as np
import pytest

import simdnorm
from norms import (
    DTYPES,
    FLOAT32,
    SIXTEEN_BITS,
    SPEC,
    SPECS,
    assert_equal,
    assert_keeps_the_bound,
    assert_same,
    each_dtype,
    each_masked_norm,
    each_norm,
    each_row_norm,
    each_spec,
    needs_native,
    small_case,
)
from simdnorm import reference
from simdnorm._selfcheck.bounds import bound_y, worst
from simdnorm._selfcheck.formats import format_of, statistics_dtype
from simdnorm._selfcheck.norms import NORMS

LENGTHS = [2, 15, 16, 17, 130, 5000]
VALUES = [0.0, 0.1, -14.0, 1e30, 3.4e38, 1e-40]
# Numbers whose squares are beyond the type, large and small.
SQUARES_LEAVE = {
    "float32": (1e30, 3.4e38, 1e-40),
    "float64": (1e200, 1.7e308, 1e-310),
    "float16": (300, 65504, 1e-7),
    "bfloat16": (1e30, 3.3e38, 1e-40),
}
BAD = [np.nan, np.inf, -np.inf]
CHANNEL_SHAPES = [(2, 4, 3), (3, 4, 130), (2, 18, 5, 5), (2000, 3, 2)]

each_length = pytest.mark.parametrize("n", LENGTHS)
each_centred_norm = pytest.mark.parametrize(
    "norm", [norm for norm in NORMS if "mean" in norm.saved], ids=lambda norm: norm.name
)


def full(shape, value, dtype):
    """The value, or the closest to it that the type holds."""
    return np.full(shape, np.clip(value, -float(format_of(dtype).largest), float(format_of(dtype).largest)), dtype)


@each_length
@each_dtype
@each_centred_norm
def test_constant_rows_and_channels_give_the_bias_and_no_gradient(isa, norm, dtype, n):
    for value in VALUES:
        assert_constants_vanish(norm, norm.case_of(full((2, 4, n) if norm.has_channels else (3, n), value, dtype)))


def assert_constants_vanish(norm, case):
    results = SPEC[f"{norm.name}_forward"].call(case)
    bias = case.bias.reshape(case.geometry.along_shape)
    assert_equal(results["y"], np.broadcast_to(bias, case.geometry.seen).reshape(case.x.shape))
    assert (results["mean"] == case.summed.flat[0].astype(results["mean"].dtype)).all()

    saved = {name: results[name] for name in ("mean", "rstd")}
    even = {"dy": np.ones_like(case.x), "weight": np.ones_like(case.weight)}
    if norm.has_residual:
        even["dsummed"] = None
    gradients = SPEC[f"{norm.name}_backward"].call(case, **saved, **even)
    assert (gradients["dx"] == 0).all() and (gradients["dweight"] == 0).all()


@each_length
@each_dtype
@each_norm
def test_constants_with_eps_zero_are_nan(isa, norm, dtype, n):
    for value in (0.0, 0.1) if "mean" in norm.saved else (0.0,):
        case = norm.case_of(full((2, 4, n) if norm.has_channels else (2, n), value, dtype))
        assert np.isnan(SPEC[norm.name].call(case, eps=0.0)["y"]).all()


@each_length
@each_dtype
@each_row_norm
def test_one_bad_value_spoils_its_row_alone(isa, norm, dtype, n):
    for bad in BAD:
        _assert_row_is_spoilt_alone(norm, dtype, n, bad)


def _assert_row_is_spoilt_alone(norm, dtype, n, bad):
    forward, backward = SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]
    case = norm.case((9, n), dtype)
    x = case.x.copy()
    x[4, n // 2] = bad
    clean, dirty = forward.call(case), forward.call(case, x=x)
    others = np.arange(9) != 4
    spoilt = np.isnan(dirty["y"][4])
    if "mean" in norm.saved or np.isnan(bad):
        assert spoilt.all()
    else:  # divided by an infinite root mean square, the others are 0
        assert spoilt[n // 2] and spoilt.sum() == 1 and (dirty["y"][4][~spoilt] == 0).all()
    for name in dirty:
        assert_equal(dirty[name][others], clean[name][others], name)

    def back(x, results):
        normalized = {"summed": results["summed"]} if norm.has_residual else {"x": x}
        saved = {name: results[name] for name in ("mean", "rstd") if name in results}
        return backward.call(case, **normalized, **saved)["dx"]

    dx = back(x, dirty)
    assert np.isnan(dx[4][n // 2])
    assert_equal(dx[others], back(case.x, clean)[others])


@pytest.mark.parametrize("bad", BAD)
@each_dtype
@each_masked_norm
def test_one_bad_value_spoils_its_channel_or_group_alone(isa, norm, dtype, bad):
    for shape in CHANNEL_SHAPES:
        _assert_item_is_spoilt_alone(norm, dtype, shape, bad)


def _assert_item_is_spoilt_alone(norm, dtype, shape, bad):
    spec = SPEC[f"{norm.name}_forward"]
    case = norm.case(shape, dtype, given="weight")
    x = case.x.copy()
    x[(1, 2, *[0] * (len(shape) - 2))] = bad
    clean, dirty = spec.call(case), spec.call(case, x=x)
    spoilt = np.isnan(dirty["rstd"]) | (dirty["rstd"] == 0)
    assert spoilt.sum() == 1
    assert_equal(dirty["rstd"][~spoilt], clean["rstd"][~spoilt])
    inside = np.broadcast_to(case.geometry.spread(spoilt), case.geometry.seen).reshape(shape)
    assert np.isnan(dirty["y"][inside]).all()
    assert_equal(dirty["y"][~inside], clean["y"][~inside])


def elsewhere(spec, name, value):
    """Those of a result that have nothing to do with x[1, 2, 0, 0] of `small_case`, whose groups have 3 channels."""
    samples, channels = np.arange(4) != 1, np.arange(6) != 2
    if spec.norm.name == "batch_norm":
        return value[:, channels] if value.ndim == 4 else value[channels]
    if spec.norm.name == "group_norm":
        channels[:3] = False
    if value.ndim == 1:  # of the parameters
        return value[channels]
    if value.shape == (4, 2):
        channels = np.array([False, True])
    return value[samples[:, None] | channels]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.norm.has_channels], ids=lambda spec: spec.name)
def test_one_bad_value_changes_no_bit_of_any_result_elsewhere(isa, spec, bad):
    for dtype in DTYPES:
        case = small_case(spec, dtype)
        x = case.x.copy()
        x[1, 2, 0, 0] = bad
        clean, dirty = spec.call(case), spec.call(case, x=x)
        for name, value in dirty.items():
            assert_same(elsewhere(spec, name, value), elsewhere(spec, name, clean[name]), f"{name} in {dtype}")
        assert any(not np.isfinite(np.asarray(value, np.float64)).all() for value in dirty.values())


@pytest.mark.parametrize("n", [2, 16, 130, 5000])
@pytest.mark.parametrize(
    ("dtype", "size"), [(dtype, size) for dtype in DTYPES for size in SQUARES_LEAVE[dtype.name]], ids=str
)
@each_norm
def test_squares_that_overflow_or_vanish_are_normalized(isa, norm, dtype, size, n):
    signs = np.tile(np.array([1, -1]), (2, 4, n // 2) if norm.has_channels else (3, n // 2)).astype(dtype)
    x = signs * dtype.type(size)
    arguments = {"x": x, "weight": None, "bias": None, "eps": 0.0}
    if norm.has_residual:
        arguments["residual"] = np.zeros_like(x)
    case = norm.case_of(np.ones_like(x))
    spec = SPEC[norm.name]
    assert_equal(spec.call(case, **{name: v for name, v in arguments.items() if spec.takes(name)})["y"], signs)


@pytest.mark.parametrize(("shape", "channel_axis"), [((10, 21), 1), ((2, 7, 21, 5), 2), ((2, 21, 5, 7), 1)])
def test_both_ends_of_the_range_are_normalized_in_groups_of_odd_size(isa, shape, channel_axis):
    """Their mean is not zero, and so x - mean is larger than any float32."""
    signs = np.resize([1, -1, 1, 1, -1, -1, -1], shape).astype(np.float32)
    y = simdnorm.group_norm(signs * np.finfo(np.float32).max, 3, eps=0.0, channel_axis=channel_axis)
    expected, _, _ = reference.group_norm_forward(signs, 3, eps=0.0, channel_axis=channel_axis)
    of_bound, _ = worst(y, expected, bound_y(expected, expected, 1, 2.0**-24))
    assert of_bound <= 1


ONES = 2**24 + 1  # one more than a float32 can count


@needs_native
@pytest.mark.parametrize("dtype", [FLOAT32, *SIXTEEN_BITS], ids=str)
def test_the_mean_of_more_ones_than_a_float32_can_count_is_one(dtype):
    x, rstd = np.ones(ONES, dtype), np.float32(1 / np.sqrt(np.float64(1e-5)))
    row, column, channel = x[None], x[:, None], x[None, None]
    for y, mean, scale in (
        simdnorm.layer_norm_forward(row, ONES),
        simdnorm.batch_norm_forward(column),
        simdnorm.instance_norm_forward(channel),
        simdnorm.group_norm_forward(channel, 1),
    ):
        assert mean.item() == 1 and scale.item() == rstd and not y.any()
    assert simdnorm.rms_norm_forward(row, ONES, eps=0.0)[1].item() == 1
    for shares in (column, channel):
        assert [part.item() for part in simdnorm.batch_norm_stats(shares)] == [ONES, 1, 0]


def test_the_mean_of_many_ones_is_one(isa):
    _, mean, rstd = simdnorm.layer_norm_forward(np.ones((1, 2**22 + 1), np.float32), 2**22 + 1)
    assert mean.item() == 1 and rstd.item() == np.float32(1 / np.sqrt(np.float64(1e-5)))


@each_dtype
@each_spec
def test_any_operation_on_nothing_has_results_of_the_right_shapes(spec, dtype):
    """The bound holds, whose formulas know shapes and dtypes; sums over nothing are 0."""
    for shape in ((0, 4, 3), (2, 0, 3), (2, 4, 0), (0, 4), (3, 0)):
        if spec.norm.fits(shape) and (spec.name != "instance_norm_moving" or shape[0]):
            assert_keeps_the_bound(spec, spec.case(shape, dtype))


@each_dtype
@each_row_norm
def test_a_row_norm_of_nothing_is_nothing(isa, norm, dtype):
    forward, backward = SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]
    for shape in ((0, 8), (8, 0), (0, 0), (2, 0, 3)):
        case = norm.case(shape, dtype)
        results = forward.call(case)
        assert results["y"].shape == shape and results["rstd"].shape == (*shape[:-1], 1)
        assert results["rstd"].dtype == statistics_dtype(dtype)
        gradients = backward.call(case)
        assert gradients["dx"].shape == shape and gradients["dx"].dtype == dtype
        assert_equal(gradients["dweight"], np.zeros(shape[-1], dtype))


@each_dtype
def test_batch_norm_backward_of_nothing_is_nothing(isa, dtype):
    for shape, c in (((0, 3), 3), ((2, 3, 0), 3), ((4, 0), 0)):
        x, ones = np.empty(shape, dtype), np.ones(c, dtype)
        saved = np.ones(c, statistics_dtype(dtype))
        assert simdnorm.batch_norm(x, ones, ones + ones).shape == shape
        for training in (True, False):
            dx, dweight, dbias = simdnorm.batch_norm_backward(x, x, saved, saved, ones, training=training)
            assert dx.shape == shape
            assert_equal(dweight, np.zeros(c, dtype))
            assert_equal(dbias, np.zeros(c, dtype))


@each_dtype
def test_group_norm_of_nothing_is_nothing(isa, dtype):
    for shape in ((0, 4, 3), (2, 4, 0)):
        case = SPEC["group_norm"].case(shape, dtype)
        y, mean, rstd = SPEC["group_norm_forward"].call(case).values()
        assert y.shape == shape and mean.shape == rstd.shape == (shape[0], 2)
        gradients = SPEC["group_norm_backward"].call(case)
        assert gradients["dx"].shape == shape
        assert_equal(gradients["dweight"], np.zeros(4, dtype))
        assert_equal(gradients["dbias"], np.zeros(4, dtype))


@each_spec
def test_no_floating_point_warning_or_error_reaches_the_caller(isa, spec):
    for dtype in DTYPES:
        case = small_case(spec, dtype)
        arguments = spec.arguments(case)
        name = "x" if "x" in arguments else "summed"
        bad = arguments[name].copy()
        bad[0] = np.inf
        bad[1] = format_of(dtype).largest
        with np.errstate(all="raise"):
            spec.called_with({**arguments, name: bad})
