"""The accuracy bound holds for every operation, layout, mask and dtype, on data kind and unkind."""

import numpy as np
import pytest

from norms import (
    FLOAT32,
    SIXTEEN_BITS,
    SPEC,
    assert_equal,
    assert_keeps_the_bound,
    assert_same_bits,
    assert_within_bound,
    each_dtype,
    each_dtype_and_kind,
    each_masked_norm,
    each_norm,
    each_row_norm,
    each_spec,
    layouts_of,
    small_case,
    specs_of,
)
from simdnorm._selfcheck.cases import GIVEN
from simdnorm._selfcheck.data import KINDS
from simdnorm._selfcheck.formats import unit_roundoff
from simdnorm._selfcheck.norms import BATCH_NORM, LAYER_NORM
from simdnorm._selfcheck.plan import cases


@each_dtype_and_kind
@each_norm
def test_every_operation_keeps_the_bound(norm, dtype, kind):
    for case in cases(norm, dtype, layouts_of(norm), [kind], first=KINDS.index(kind)):
        for spec in specs_of(norm):
            assert_keeps_the_bound(spec, case)


@pytest.mark.parametrize("given", GIVEN)
@each_dtype
@each_spec
def test_parameters_that_are_left_out_or_wider_keep_the_bound(spec, dtype, given):
    for parameters in {dtype, FLOAT32} if dtype in SIXTEEN_BITS else {dtype}:
        assert_keeps_the_bound(spec, small_case(spec, dtype, given=given, parameters=parameters))


@each_dtype
@each_masked_norm
@pytest.mark.parametrize("kind", ["trend", "outlier", "blocks"])
def test_many_short_segments_keep_the_bound(norm, dtype, kind):
    layouts = [layout for layout in [((20_000, 5), {}), ((512, 64, 3), {})] if norm.fits(layout[0])]
    for case in cases(norm, dtype, layouts, [kind]):
        for spec in specs_of(norm):
            assert_keeps_the_bound(spec, case)


@each_dtype
@pytest.mark.parametrize("trailing", [2, 3])
@each_row_norm
def test_several_trailing_axes_are_one_long_row(isa, norm, dtype, trailing):
    rows = norm.case((6, 20) if trailing == 2 else (1, 120), dtype)
    blocks = {2: (2, 3, 4, 5), 3: (1, 4, 5, 6)}[trailing]
    for spec in specs_of(norm):
        arguments = spec.arguments(rows)
        whole = {  # the same arrays, seen with more axes: only the shapes tell
            name: value.reshape(blocks if value.ndim == 2 and value.shape[1] > 1 else blocks[-trailing:])
            for name, value in arguments.items()
            if isinstance(value, np.ndarray) and name not in ("mean", "rstd")
        }
        kept = (*blocks[:-trailing], *[1] * trailing)
        whole |= {name: arguments[name].reshape(kept) for name in ("mean", "rstd") if name in arguments}
        if "normalized_shape" in arguments:
            whole["normalized_shape"] = blocks[-trailing:]
        expected = spec.call(rows)
        results = spec.call(rows, **whole)
        assert_same_bits({name: value.reshape(expected[name].shape) for name, value in results.items()}, expected)
        if "rstd" in results:
            assert results["rstd"].shape == kept


@each_spec
def test_a_channel_axis_may_be_counted_from_the_end(isa, spec):
    case = small_case(spec)
    if spec.takes("channel_axis"):
        assert_same_bits(spec.call(case, channel_axis=1 - case.x.ndim), spec.call(case))


def _few_ulp_apart(mean):
    """Float32 rows around `mean` whose elements differ by a few units in the last place: all spread is rounding."""
    steps = np.random.default_rng(0).integers(-3, 4, (8, 500))
    return (np.float32(mean) + steps * np.spacing(np.float32(mean))).astype(np.float32)


@pytest.mark.parametrize("mean", [2e3, 1e4, 1e6, 1e8, -1e8])
@each_norm
def test_any_ratio_of_mean_to_spread_keeps_the_bound(norm, mean):
    rows = _few_ulp_apart(mean)
    case = norm.case_of(rows.reshape(2, 4, 500) if norm.has_channels else rows)
    for spec in specs_of(norm):
        assert_keeps_the_bound(spec, case)


def test_long_data_whose_first_values_are_far_from_the_rest_keep_the_bound():
    x = np.full((1, 200_000), 0.1)
    x[0, :512] = 1e8 / 3
    for norm, lying in ((LAYER_NORM, x), (BATCH_NORM, x.T.copy())):
        case = norm.case_of(lying)
        for spec in specs_of(norm):
            assert_keeps_the_bound(spec, case)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saved_mean_is_set_right_where_rounding_explains_what_it_missed_and_only_there(isa, dtype):
    spec = SPEC["batch_norm_backward"]
    case = spec.case(
        (1000, 5), np.dtype(dtype)
    ).with_even_dy()  # dweight is 0 around the mean, and what was missed else
    u = unit_roundoff(case.x.dtype)
    for roundings, explained in ((6, True), (100, False)):
        mean = (case.mean + roundings * u / case.rstd).astype(dtype)
        results = spec.call(case, mean=mean)
        if explained:
            assert_within_bound(results, spec.expected(case))
        else:
            missed = roundings * u * results["dbias"]
            assert (np.abs(results["dweight"] + missed) < missed / 10).all()


@pytest.mark.parametrize("norm", ["layer_norm", "batch_norm", "group_norm", "instance_norm"])
def test_an_rstd_below_zero_turns_xhat_around_and_with_it_dx_and_dweight(isa, norm):
    spec = SPEC[f"{norm}_backward"]
    case = small_case(spec, FLOAT32)
    mean = case.mean + 1  # so far from the data's own that it is taken as it stands
    results, turned = (spec.call(case, mean=mean, rstd=rstd) for rstd in (case.rstd, -case.rstd))
    for name, value in results.items():
        assert_equal(turned[name], value if name == "dbias" else -value, name)


@each_dtype
@each_spec
@pytest.mark.parametrize("given", ["weight", "bias", "none"])
def test_a_parameter_left_out_counts_as_one_or_zero(isa, spec, dtype, given):
    case = small_case(spec, dtype, given=given)
    neutral = {"weight": np.ones(case.geometry.parameters, dtype), "bias": np.zeros(case.geometry.parameters, dtype)}
    missing = {name: value for name, value in neutral.items() if getattr(case, name) is None and spec.takes(name)}
    without, full = spec.call(case), spec.call(case, **missing)
    if "weight" in missing and "dweight" in without:
        assert without.pop("dweight") is None and full.pop("dweight") is not None
    for name, value in full.items():
        assert_equal(without[name], value, name)


def test_weight_and_bias_may_be_of_different_types_beside_16_bits(isa):
    for dtype in SIXTEEN_BITS:
        for spec in SPEC.values():
            if not spec.takes("bias"):
                continue
            case = small_case(spec, dtype)
            for narrow in ("weight", "bias"):
                wide = "bias" if narrow == "weight" else "weight"
                mixed = spec.call(case, **{wide: getattr(case, wide).astype(FLOAT32)})
                assert_same_bits(mixed, spec.call(case))
