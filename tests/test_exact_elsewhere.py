"""What test_exact promises holds along other axes, with channels last, under masks, for given statistics, in a team."""

import numpy as np
import pytest

import simdnorm
from norms import (
    BATCH_NORM,
    DTYPES,
    FLOAT32,
    SPEC,
    SPECS,
    assert_equal,
    assert_keeps_the_bound,
    assert_same,
    assert_same_bits,
    big_cases,
    each_dtype,
    each_masked_norm,
    each_norm,
    each_row_norm,
    each_spec,
    needs_native,
    small_case,
)
from simdnorm._selfcheck.norms import NORMS
from test_exact import BAD, VALUES, assert_constants_vanish, elsewhere, full

LENGTHS = [2, 17, 130]
each_centred_norm = pytest.mark.parametrize(
    "norm", [norm for norm in NORMS if "mean" in norm.saved], ids=lambda norm: norm.name
)


def _shape(norm, n):
    """Of rows along axis 1, or of channels last."""
    return ((2, n, 3), -1) if norm.has_channels else ((3, n, 5), 1)


@pytest.mark.parametrize("n", LENGTHS)
@each_dtype
@each_centred_norm
def test_constants_along_any_axis_give_the_bias_and_no_gradient(isa, norm, dtype, n):
    shape, axis = _shape(norm, n)
    if norm.fits(shape, axis):
        for value in VALUES:
            assert_constants_vanish(norm, norm.case_of(full(shape, value, dtype), axis=axis))


@pytest.mark.parametrize("n", LENGTHS)
@each_dtype
@each_norm
def test_constants_along_any_axis_with_eps_zero_are_nan(isa, norm, dtype, n):
    shape, axis = _shape(norm, n)
    if norm.fits(shape, axis):
        case = norm.case_of(full(shape, 0, dtype), axis=axis)
        assert np.isnan(SPEC[norm.name].call(case, eps=0.0)["y"]).all()


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("mask", ["lengths", "scattered"])
@each_dtype
@each_masked_norm
def test_constants_under_a_mask_give_the_bias_and_no_gradient(isa, norm, dtype, mask, axis):
    for value in VALUES:
        case = norm.case_of(full((4, 6, 5, 6), value, dtype), axis=axis, mask=mask)
        counted = np.broadcast_to(case.mask, case.x.shape)
        y, *_ = SPEC[f"{norm.name}_forward"].call(case).values()
        bias = np.broadcast_to(case.bias.reshape(case.geometry.along_shape), case.geometry.seen).reshape(y.shape)
        assert_equal(y, np.where(counted, bias, dtype.type(0)))
        even = {"dy": np.ones_like(case.x), "weight": np.ones_like(case.weight)}
        gradients = SPEC[f"{norm.name}_backward"].call(case, **even)
        assert (gradients["dx"] == 0).all() and (gradients["dweight"] == 0).all()


@each_dtype
def test_constants_give_the_bias_where_the_mean_is_given(isa, dtype):
    for value in VALUES:
        x = full((3, 6, 5), value, dtype)
        weight, bias, var = (np.linspace(1, 2, 6).astype(dtype) for _ in range(3))
        mean = x[0, :, 0].copy()
        for layout in (np.copy, lambda a: np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)):
            for y in (
                simdnorm.batch_norm(layout(x), mean, var, weight, bias),
                simdnorm.instance_norm(layout(x), mean, var, weight, bias, use_input_stats=False),
                simdnorm.batch_norm_apply(layout(x), mean.astype(float), var.astype(float), weight, bias),
            ):
                assert_equal(y, np.broadcast_to(bias[:, None], x.shape))


@pytest.mark.parametrize(("channel_axis", "order"), [(1, (0, 1, 2)), (-1, (0, 2, 1))])
@pytest.mark.parametrize(("value", "expected"), [(1, -np.inf), (2, np.nan), (3, np.inf)])
@each_dtype
def test_a_given_variance_of_zero_with_eps_zero_makes_infinities_of_all_but_the_mean(
    isa, dtype, value, expected, channel_axis, order
):
    x = np.ascontiguousarray(np.full((3, 6, 5), value, dtype).transpose(order))
    mean, var, options = np.full(6, 2, dtype), np.zeros(6, dtype), {"channel_axis": channel_axis}
    for y in (
        simdnorm.batch_norm(x, mean, var, eps=0.0, **options),
        simdnorm.instance_norm(x, mean, var, use_input_stats=False, eps=0.0, **options),
        simdnorm.batch_norm_apply(x, mean.astype(float), np.full(6, np.inf), **options),
    ):
        assert_equal(y, np.full_like(x, expected))


@each_norm
def test_65536_halves_in_float16_have_their_exact_mean(isa, norm):
    shape = (2, 4, 2**16) if norm.has_channels else (2, 2**16)
    x = np.full(shape, 0.5, np.float16)
    if "mean" in norm.saved:
        assert_constants_vanish(norm, norm.case_of(x))
    if norm.has_channels:
        assert_constants_vanish(norm, norm.case_of(np.full((2, 2**16, 4), 0.5, np.float16), axis=-1))
    else:
        rms = SPEC[f"{norm.name}_forward"].call(norm.case_of(x), eps=0.0)["rstd"]
        assert np.isinf(rms).all() if "mean" in norm.saved else (rms == 2).all()


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.norm.has_channels], ids=lambda spec: spec.name)
def test_one_bad_value_changes_no_bit_elsewhere_with_channels_last(isa, spec, bad):
    for dtype in DTYPES:
        case = spec.case((4, 3, 7, 6), dtype, axis=-1)
        x = case.x.copy()
        x[1, 0, 0, 2] = bad
        clean, dirty = spec.call(case), spec.call(case, x=x)
        for name, value in dirty.items():
            first, other = (np.moveaxis(a, -1, 1) if a.ndim == 4 else a for a in (value, clean[name]))
            assert_same(elsewhere(spec, name, first), elsewhere(spec, name, other), f"{name} in {dtype}")


@pytest.mark.parametrize("bad", BAD)
@each_dtype
@each_row_norm
def test_one_bad_value_spoils_what_is_reduced_with_it_alone_along_any_axis(isa, norm, dtype, bad):
    for shape, axis in (((3, 130, 5), 1), ((4, 6, 3, 7), (1, 3))):
        if not norm.fits(shape, axis):
            continue
        case = norm.case(shape, dtype, axis=axis)
        x, spot = case.x.copy(), (1,) * len(shape)
        x[spot] = bad
        forward, backward = SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]
        clean, dirty = forward.call(case), forward.call(case, x=x)
        saved = {name: dirty[name] for name in ("mean", "rstd") if name in dirty}
        gradients = [backward.call(case, **saved)["dx"], backward.call(case, x=x, **saved)["dx"]]
        spoilt = np.isin(np.arange(x.size).reshape(shape), _reduced_with(shape, axis, spot))
        assert_same(dirty["y"][~spoilt], clean["y"][~spoilt])
        assert_same(gradients[1][~spoilt], backward.call(case, **_of(clean))["dx"][~spoilt])
        assert np.isnan(dirty["y"][spot]) and np.isnan(gradients[1][spot])


def _of(results):
    return {name: results[name] for name in ("mean", "rstd") if name in results}


def _reduced_with(shape, axis, spot):
    """The elements of the row that `spot` is in, as numbered in logical order."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    numbers = np.arange(np.prod(shape)).reshape(shape)
    return numbers[tuple(slice(None) if a in axes else at for a, at in enumerate(spot))]


@needs_native
@pytest.mark.parametrize("bad", BAD)
@each_row_norm
def test_one_bad_value_of_a_row_that_a_team_shares_spoils_that_row_alone(norm, bad):
    case = next(case for case in big_cases(norm, FLOAT32) if case.x.shape == (3, 60_000))
    x = case.x.copy()
    x[1, 40_000] = bad
    forward, backward = SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]
    with simdnorm.threads(3):
        clean, dirty = forward.call(case), forward.call(case, x=x)
        lead = "summed" if norm.has_residual else "x"
        dx, spoilt_dx = (
            backward.call(case, **_of(results), **{lead: results.get("summed", x_)})["dx"]
            for results, x_ in ((clean, case.x), (dirty, x))
        )
    assert np.isnan(dirty["y"][1, 40_000]) and np.isnan(spoilt_dx[1, 40_000])
    assert_same(dirty["y"][::2], clean["y"][::2])
    assert_same(spoilt_dx[::2], dx[::2])


@each_dtype
@pytest.mark.parametrize("spec", [spec for spec in BATCH_NORM if "backward" in spec.name], ids=lambda spec: spec.name)
def test_a_backward_pass_of_one_value_per_channel_follows_the_formula(spec, dtype):
    for shape in ((1, 6), (1, 6, 1), (0, 6)):
        assert_keeps_the_bound(spec, spec.case(shape, dtype))


@each_spec
def test_parameters_and_statistics_that_are_one_number_repeated_give_the_bits_of_their_copies(isa, spec):
    for dtype in DTYPES:
        case = small_case(spec, dtype)
        given = spec.arguments(case)
        names = ("weight", "bias", "mean", "rstd", "sum_dy", "sum_dy_xhat", "count")
        if not any("running" in name for name in spec.results):  # those are moved
            names += ("running_mean", "running_var")
        small = {n: given[n] for n in names if given.get(n) is not None}
        repeated = {n: np.broadcast_to(a.reshape(-1)[:1].reshape((1,) * a.ndim), a.shape) for n, a in small.items()}
        copies = {n: a.copy() for n, a in repeated.items()}
        assert_same_bits(spec.call(case, **repeated), spec.call(case, **copies))
