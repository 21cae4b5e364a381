"""What a mask leaves out counts for nothing, gets nothing, and comes out as zero."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import simdnorm
from norms import (
    FLOAT32,
    MASKS,
    SPEC,
    SPECS,
    assert_equal,
    assert_keeps_the_bound,
    assert_same,
    assert_same_bits,
    assert_within_bound,
    each_dtype,
    each_masked_norm,
    small_case,
    specs_of,
)
from simdnorm._selfcheck.norms import BATCH_NORM, GROUP_NORM, INSTANCE_NORM
from simdnorm._selfcheck.plan import NHWC

masked_specs = [spec for spec in SPECS if spec.takes("mask")]
each_masked_spec = pytest.mark.parametrize("spec", masked_specs, ids=lambda spec: spec.name)
each_mask = pytest.mark.parametrize("mask", MASKS)
LAYOUTS = [
    ((4, 6, 3, 7), {}),
    ((3, 4, 300), {}),
    ((4, 9, 18), {"axis": -1}),
    ((3, 5, 7, 6), {"axis": -1}),
    ((3, 6, 5, 7), NHWC),
]


@each_dtype
@each_masked_spec
def test_a_mask_that_leaves_nothing_out_gives_the_bits_of_none(isa, spec, dtype):
    for shape, options in LAYOUTS:
        case = spec.case(shape, dtype, **options)
        expected = spec.call(case)
        for ones in (np.ones(shape, bool), np.ones([1] * len(shape), bool), np.ones(shape[-1:], bool)):
            assert_same_bits(spec.call(case, mask=ones), expected)


@each_mask
@each_dtype
@each_masked_spec
def test_what_is_left_out_is_never_looked_at(isa, spec, dtype, mask):
    for shape, options in LAYOUTS:
        case = spec.case(shape, dtype, mask=mask, **options)  # with NaN outside
        expected = spec.call(case)
        for junk in (0.0, 3e4, -np.inf):
            filled = {
                name: np.where(case.mask, value, value.dtype.type(junk))
                for name, value in spec.arguments(case).items()
                if name in ("x", "dy")
            }
            assert_same_bits(spec.call(case, **filled), expected)


@each_mask
@each_dtype
@pytest.mark.parametrize("spec", [spec for spec in masked_specs if spec.out], ids=lambda spec: spec.name)
def test_what_is_left_out_comes_out_as_zero(isa, spec, dtype, mask):
    for shape, options in LAYOUTS:
        case = spec.case(shape, dtype, mask=mask, **options)
        result = spec.call(case, out=np.full(shape, 7, dtype))[spec.out]
        assert (result[~np.broadcast_to(case.mask, shape)] == 0).all()


def _mask_of_shape(norm, case, sizes):
    """A random mask of that shape; what a norm cannot do without stays: two values in every statistic."""
    mask = np.random.default_rng(sizes).random(sizes) < 0.6
    if norm is GROUP_NORM:
        return mask  # whole groups may be left out
    long = [a for a in case.geometry.reduced if sizes[a] > 1]
    if not long:
        return np.ones(sizes, bool)
    mask[tuple(slice(0, 2) if a == long[0] else slice(None) for a in range(len(sizes)))] = True
    return mask


@pytest.mark.parametrize(("shape", "options"), [((3, 4, 5, 6), {}), ((3, 5, 6, 4), {"axis": -1}), ((3, 4, 5, 6), NHWC)])
@each_masked_norm
def test_masks_of_every_broadcast_shape_keep_the_bound(norm, shape, options):
    plain = norm.case(shape, FLOAT32, **options)
    for whole in product((False, True), repeat=len(shape)):
        sizes = tuple(n if long else 1 for n, long in zip(shape, whole, strict=True))
        mask = _mask_of_shape(norm, plain, sizes)
        case = norm.case(shape, FLOAT32, mask=mask, **options)
        for spec in specs_of(norm):
            assert_keeps_the_bound(spec, case)


@each_masked_spec
def test_fewer_dimensions_and_any_strides_are_the_same_mask(isa, spec):
    case = spec.case((4, 6, 5, 7), FLOAT32)
    mask = np.random.default_rng(0).random((5, 7)) < 0.7
    expected = spec.call(case, mask=np.broadcast_to(mask, case.x.shape).copy())
    every_second = np.zeros((10, 7), bool)
    every_second[::2] = mask
    for same in (mask, mask[None, None], every_second[::2], np.asfortranarray(mask), mask[::-1].copy()[::-1],
                 np.broadcast_to(mask, case.x.shape)):  # fmt: skip
        assert_same_bits(spec.call(case, mask=same), expected)


def _unpadded(norm, padded, sample, length, options):
    """One sequence of a case without its padding, and where it lies in the whole."""
    taken = [slice(sample, sample + 1), slice(None), slice(None)]
    taken[1 if options else 2] = slice(length)
    alone = norm.case_of(padded.x[tuple(taken)], **options)
    statistics = {name: getattr(padded, name)[sample : sample + 1] for name in ("mean", "rstd")}
    same = {"dy": padded.dy[tuple(taken)], "weight": padded.weight, "bias": padded.bias}
    return replace(alone, **same, **statistics), tuple(taken)


@each_dtype
@pytest.mark.parametrize(
    ("norm", "options", "same_blocks"),
    [
        (INSTANCE_NORM, {"axis": -1}, True),
        (GROUP_NORM, {"axis": -1}, True),
        (INSTANCE_NORM, {}, True),
        (GROUP_NORM, {}, False),  # there a group's second channel begins where the padding of its first ends
    ],
    ids=lambda v: getattr(v, "name", str(v)),
)
def test_padded_sequences_are_normalized_as_if_they_were_not(isa, norm, options, same_blocks, dtype):
    time_axis = 1 if options else 2
    for length, channels in ((40, 6), (700, 18)):
        shape = (5, length, channels) if options else (5, channels, length)
        padded = norm.case(shape, dtype, mask="lengths", **options)
        lengths = np.broadcast_to(padded.mask, shape).sum(axis=time_axis)[:, 0]
        for spec in (SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]):
            whole = spec.call(padded)
            for i, n in enumerate(lengths):
                case, taken = _unpadded(norm, padded, i, n, options)
                same = {name: whole[name][i : i + 1] for name in ("mean", "rstd") if name in whole}
                same |= {name: whole[name][taken] for name in ("y", "dx") if name in whole}
                if same_blocks and isa != "numpy":
                    alone = spec.call(case)
                    assert_same_bits(same, {name: alone[name] for name in same})
                else:
                    expected = spec.expected(case)
                    assert_within_bound(same, {name: expected[name] for name in same})


@each_dtype
def test_a_padded_batch_has_the_statistics_of_its_sequences_together(isa, dtype):
    padded = BATCH_NORM.case((5, 18, 70), dtype, "far", mask="lengths")
    positions = np.broadcast_to(padded.mask[:, 0], (5, 70))
    together = BATCH_NORM.case_of(np.ascontiguousarray(padded.x.transpose(0, 2, 1)[positions]))
    expected = SPEC["batch_norm_forward"].expected(together)
    results = SPEC["batch_norm_forward"].call(padded)
    assert_within_bound({name: results[name] for name in ("mean", "rstd")}, {n: expected[n] for n in ("mean", "rstd")})


@each_mask
@each_dtype
@pytest.mark.parametrize("name", ["batch_norm_running", "instance_norm_running", "batch_norm_backward_frozen"])
def test_by_running_statistics_a_mask_only_makes_zeros(isa, name, dtype, mask):
    spec = SPEC[name]
    case = small_case(spec, dtype, mask=mask)
    whole = small_case(spec, dtype)
    inside = np.broadcast_to(case.mask, case.x.shape)
    assert_same(
        spec.call(case)[spec.out][inside], spec.call(replace(whole, running_mean=case.running_mean))[spec.out][inside]
    )


@each_dtype
def test_a_group_of_which_nothing_is_left_is_zeros_and_spoils_no_other(isa, dtype):
    mask = np.ones((3, 6, 5), bool)
    mask[1, 3:] = False  # the second of two groups
    case = GROUP_NORM.case((3, 6, 5), dtype, mask=mask)
    y, mean, rstd = SPEC["group_norm_forward"].call(case).values()
    assert mean[1, 1] == 0 and rstd[1, 1] == rstd.dtype.type(1 / np.sqrt(np.float64(case.eps)))
    assert (y[1, 3:] == 0).all()
    gradients = SPEC["group_norm_backward"].call(case, mean=mean, rstd=rstd)
    assert (gradients["dx"][1, 3:] == 0).all() and np.isfinite(gradients["dx"].astype(float)).all()
    without = SPEC["group_norm_forward"].call(GROUP_NORM.case((3, 6, 5), dtype))
    assert_same(y[0], without["y"][0])
    assert_same(y[1, :3], without["y"][1, :3])


@each_dtype
@pytest.mark.parametrize(
    "name", ["instance_norm_moving", "instance_norm_forward", "batch_norm_moving", "batch_norm_forward"]
)
@pytest.mark.parametrize("left", [0, 1])
def test_too_few_values_under_the_mask_are_refused_before_anything_is_written(isa, name, dtype, left):
    spec = SPEC[name]
    case = small_case(spec, dtype)
    mask = np.ones(case.x.shape, bool)
    mask[1 if spec.norm is INSTANCE_NORM else slice(None), 2] = False
    mask[1, 2].flat[:left] = True
    out = np.full_like(case.x, 7)
    function = simdnorm.instance_norm if spec.norm is INSTANCE_NORM else simdnorm.batch_norm_forward
    running = {"running_mean": case.running_mean.copy(), "running_var": case.running_var.copy()}
    if name == "instance_norm_forward":
        function, running = simdnorm.instance_norm_forward, {}
    with pytest.raises(ValueError, match="2 or more"):
        function(case.x, mask=mask, out=out, **running)
    assert (out == 7).all()
    for argument, value in running.items():
        assert_equal(value, getattr(case, argument))
