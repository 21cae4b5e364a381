"""The accuracy bound holds for every operation, on data kind and unkind."""

import numpy as np
import pytest

import simdnorm
from norms import BATCH_NORM, LAYER_NORM, assert_within_bound, each_dtype, each_kind, each_spec, shapes_of
from simdnorm._selfcheck import expected
from simdnorm._selfcheck.bounds import unit_roundoff
from simdnorm._selfcheck.cases import batch_norm_case, case_of, layer_norm_case

ROWS = {spec.name: spec for spec in LAYER_NORM}


@each_kind
@each_dtype
@each_spec
def test_every_operation_keeps_the_bound(isa, spec, dtype, kind):
    for shape in shapes_of(spec):
        for case in spec.cases(shape, dtype, kind):
            assert_within_bound(spec.call(case), spec.expected(case))


@each_dtype
@pytest.mark.parametrize("spec", BATCH_NORM, ids=lambda spec: spec.name)
@pytest.mark.parametrize("kind", ["trend", "outlier", "blocks"])
def test_many_short_segments_keep_the_bound(isa, spec, dtype, kind):
    for shape in [(20_000, 5), (1024, 64, 2), (1024, 64, 3)] if isa != "numpy" else [(20_000, 5)]:
        case = spec.case(shape, dtype, kind)
        assert_within_bound(spec.call(case), spec.expected(case))


@each_dtype
@pytest.mark.parametrize("trailing", [2, 3])
def test_layer_norm_over_several_trailing_axes_keeps_the_bound(isa, dtype, trailing):
    case = layer_norm_case((3, 4, 5, 6), dtype, trailing=trailing)
    for spec in LAYER_NORM:
        results = spec.call(case)
        assert_within_bound(results, spec.expected(case))
        if "mean" in results:
            assert results["mean"].shape == (3, 4, 5, 6)[:-trailing] + (1,) * trailing


@each_dtype
@pytest.mark.parametrize("channel_axis", [0, 2, 3])
def test_batch_norm_along_any_channel_axis_keeps_the_bound(isa, dtype, channel_axis):
    case = batch_norm_case((3, 4, 5, 6), dtype, channel_axis=channel_axis)
    y = simdnorm.batch_norm_forward(case.x, case.weight, case.bias, channel_axis=channel_axis)
    assert_within_bound(dict(zip(("y", "mean", "rstd"), y, strict=True)), expected.forward(case))
    negative = simdnorm.batch_norm_forward(case.x, case.weight, case.bias, channel_axis=channel_axis - 4)
    for a, b in zip(y, negative, strict=True):
        np.testing.assert_array_equal(a, b)


def _few_ulp_apart(mean):
    """Float32 rows around `mean` whose elements differ by a few units in the last place: all spread is rounding."""
    steps = np.random.default_rng(0).integers(-3, 4, (8, 500))
    return (np.float32(mean) + steps * np.spacing(np.float32(mean))).astype(np.float32)


def _numacc(n, base, dtype):
    """NIST StRD NumAcc1..4: a leading base, then values 0.1 (NumAcc1: 1) above and below it in turn."""
    if n == 1:
        return np.array([[10000001, 10000003, 10000002]], dtype)
    return np.array([[base, *[base - 0.1, base + 0.1] * 500]], dtype)


@pytest.mark.parametrize("mean", [2e3, 1e4, 1e6, 1e8, -1e8])
def test_any_ratio_of_mean_to_spread_keeps_the_bound(isa, mean):
    case = case_of(_few_ulp_apart(mean), reduced=(1,), along=(1,))
    for spec in LAYER_NORM:
        assert_within_bound(spec.call(case), spec.expected(case))


@each_dtype
@pytest.mark.parametrize(("n", "base"), [(1, 0), (2, 1.2), (3, 1000000.2), (4, 10000000.2)])
def test_the_nist_numacc_sets_keep_the_bound(isa, dtype, n, base):
    case = case_of(_numacc(n, base, dtype), reduced=(1,), along=(1,))
    for spec in LAYER_NORM:
        assert_within_bound(spec.call(case), spec.expected(case))


@pytest.mark.parametrize("mean", [0, 100, 1e6])
def test_a_row_of_a_million_keeps_the_bound(isa, mean):
    x = np.random.default_rng(1).normal(mean, 1, (1, 1_000_003)).astype(np.float32)
    spec = ROWS["layer_norm_forward"]
    case = case_of(x, reduced=(1,), along=(1,))
    assert_within_bound(spec.call(case), spec.expected(case))


def test_a_million_with_its_first_values_far_from_the_rest_keep_the_bound(isa):
    x = np.full((1, 1_000_000), 0.1)
    x[0, :512] = 1e8 / 3
    for case in (case_of(x, reduced=(1,), along=(1,)), case_of(x.T.copy(), reduced=(0,), along=(1,))):
        for spec in LAYER_NORM if case.reduced == (1,) else BATCH_NORM:
            assert_within_bound(spec.call(case), spec.expected(case))


@each_dtype
def test_a_saved_mean_is_set_right_where_rounding_explains_what_it_missed_and_only_there(isa, dtype):
    case = batch_norm_case((1000, 5), dtype).with_even_dy()  # dweight is 0 around the mean, and what was missed else
    u = unit_roundoff(dtype)
    for roundings, explained in ((6, True), (100, False)):
        mean = (case.mean + roundings * u / case.rstd).astype(dtype)
        results = simdnorm.batch_norm_backward(case.dy, case.x, mean, case.rstd, case.weight)
        if explained:
            assert_within_bound(dict(zip(("dx", "dweight", "dbias"), results, strict=True)), expected.backward(case))
        else:
            missed = roundings * u * results[2]
            assert (np.abs(results[1] + missed) < missed / 10).all()


@each_dtype
@each_spec
@pytest.mark.parametrize("given", ["weight", "bias", "neither"])
def test_a_parameter_left_out_counts_as_one_or_zero(isa, spec, dtype, given):
    case = spec.case((4, 9), dtype, "random")
    ones, zeros = np.ones_like(case.weight), np.zeros_like(case.bias)
    for name, neutral in (("weight", ones), ("bias", zeros)):
        if name == given or name not in spec.arguments(case):
            continue
        full, without = spec.call(case, **{name: neutral}), spec.call(case, **{name: None})
        for result in spec.results:
            if result == "dweight":
                assert without[result] is None
            else:
                np.testing.assert_array_equal(without[result], full[result])
