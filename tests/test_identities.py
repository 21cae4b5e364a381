"""One norm is another where both say the same: bit for bit where the sums are the same, else within the bound."""

from dataclasses import replace

import numpy as np
import pytest

from norms import SPEC, assert_same_bits, assert_within_bound, each_dtype, each_masked_norm, specs_of
from simdnorm._selfcheck.norms import BATCH_NORM, GROUP_NORM, INSTANCE_NORM, LAYER_NORM, RMS_NORM
from simdnorm._selfcheck.plan import NHWC

SHAPES = [(4, 6, 33), (2, 18, 5, 7), (3, 4, 1000)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def _only(names, results):
    return {name: results[name] for name in names}


@pytest.mark.parametrize("mask", [None, "lengths", "scattered"])
@pytest.mark.parametrize("options", [{}, {"axis": -1}, {"order": (0, 2, 1)}], ids=str)
@each_dtype
def test_group_norm_with_a_group_for_every_channel_is_instance_norm(isa, dtype, options, mask):
    case = INSTANCE_NORM.case((4, 9, 130) if "axis" in options else (4, 18, 130), dtype, mask=mask, **options)
    channels = {"num_groups": case.x.shape[options.get("axis", 1)]}
    words = {**case.geometry.words, **channels}
    grouped = replace(case, geometry=replace(case.geometry, words=words))
    for suffix in ("", "_forward", "_backward"):
        assert_same_bits(SPEC[f"group_norm{suffix}"].call(grouped), SPEC[f"instance_norm{suffix}"].call(case))


@each_shape
@each_dtype
def test_group_norm_with_one_group_is_layer_norm_over_channels_and_positions(isa, dtype, shape):
    case = GROUP_NORM.case(shape, dtype, "far")
    weight, bias = (
        np.broadcast_to(p.reshape(-1, *[1] * (len(shape) - 2)), shape[1:]).copy() for p in (case.weight, case.bias)
    )
    rows = replace(LAYER_NORM.case_of(case.x, axis=tuple(range(1, len(shape)))), weight=weight, bias=bias, dy=case.dy)
    expected = SPEC["layer_norm_forward"].expected(rows)
    results = SPEC["group_norm_forward"].call(case, num_groups=1)
    assert results["mean"].shape == (shape[0], 1)
    statistics = {name: results[name].reshape(expected[name].value.shape) for name in ("mean", "rstd")}
    assert_within_bound({"y": results["y"], **statistics}, expected)

    saved = _only(("mean", "rstd"), results)
    gradients = SPEC["group_norm_backward"].call(case, num_groups=1, **saved)
    assert_within_bound(_only(["dx"], gradients), _only(["dx"], SPEC["layer_norm_backward"].expected(rows)))


@each_dtype
def test_rms_norm_is_layer_norm_where_the_mean_is_zero(isa, dtype):
    for n in (1, 8, 65, 2500):
        half = RMS_NORM.case((5, n), dtype)
        x, dy = (np.concatenate([a, -a], axis=1) for a in (half.x, half.dy))  # means of exactly 0, gradients too
        case = replace(LAYER_NORM.case_of(x, given="none"), dy=dy)
        results = SPEC["rms_norm_forward"].call(case)
        forward, backward = (SPEC[f"layer_norm_{way}"].expected(case) for way in ("forward", "backward"))
        assert_within_bound(results, _only(results, forward))
        gradients = SPEC["rms_norm_backward"].call(replace(case, rstd=results["rstd"]))
        assert_within_bound(_only(["dx"], gradients), _only(["dx"], backward))


@pytest.mark.parametrize("mask", [None, "lengths", "scattered"])
@each_shape
@each_dtype
@each_masked_norm
def test_channels_last_are_channels_first_transposed(isa, norm, dtype, shape, mask):
    first = norm.case(shape, dtype, "far", mask=mask)
    last = norm.case_of(np.moveaxis(first.x, 1, -1).copy(), axis=-1)
    moved = {name: np.moveaxis(getattr(first, name), 1, -1).copy() for name in ("dy", "mask") if name == "dy" or mask}
    same = {name: getattr(first, name) for name in ("weight", "bias", "running_mean", "running_var", "mean", "rstd")}
    last = replace(last, **moved, **same)
    for spec in specs_of(norm):
        results = spec.call(last)
        if spec.out:
            results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
        assert_within_bound(results, spec.expected(first), spec.name)


@each_dtype
@each_masked_norm
def test_a_view_with_channels_elsewhere_gives_the_bits_of_the_memory_behind_it(isa, norm, dtype):
    case = norm.case((3, 18, 5, 7), dtype)
    behind = norm.case((3, 18, 5, 7), dtype, **NHWC)  # the same numbers, the channels last in memory
    for spec in specs_of(norm):
        for there in (case, behind):
            arguments = spec.arguments(there)
            views = {name: np.moveaxis(v, 1, -1) for name, v in arguments.items() if np.ndim(v) == 4}
            results = spec.call(there, **views, channel_axis=-1)
            if spec.out:
                results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
            assert_same_bits(results, spec.call(there))


@each_dtype
def test_batch_norm_of_one_sample_is_instance_norm(isa, dtype):
    case = BATCH_NORM.case((1, 18, 70), dtype, "far")
    expected = SPEC["instance_norm_forward"].expected(
        replace(INSTANCE_NORM.case_of(case.x), weight=case.weight, bias=case.bias)
    )
    results = SPEC["batch_norm_forward"].call(case)
    results |= {name: results[name][np.newaxis] for name in ("mean", "rstd")}
    assert_within_bound(results, expected)
