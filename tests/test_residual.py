"""add_*_norm is the sum, rounded once, and the norm of that very sum; its gradient is the norm's and the sum's."""

from dataclasses import replace

import numpy as np
import pytest

from norms import SPEC, assert_equal, assert_same, assert_same_bits, each_dtype
from simdnorm._selfcheck.formats import format_of
from simdnorm._selfcheck.norms import ADD_LAYER_NORM, ADD_RMS_NORM, LAYER_NORM, RMS_NORM

PAIRS = [(ADD_LAYER_NORM, LAYER_NORM), (ADD_RMS_NORM, RMS_NORM)]
SHAPES = [(3, 1), (7, 15), (5, 130), (2, 5000), (70, 768)]

each_pair = pytest.mark.parametrize(("fused", "norm"), PAIRS, ids=lambda norm: norm.name)


def _any_magnitude(shape, dtype, seed):
    """Numbers from the smallest to the largest, whose sums need every way of rounding there is."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2 ** (8 * dtype.itemsize), size=shape, dtype=f"u{dtype.itemsize}")
    values = bits.view(dtype)
    near = (rng.integers(-300, 300, shape) * format_of(dtype).u).astype(dtype)  # some close together, for ties
    with np.errstate(invalid="ignore"):  # of NaN
        finite = np.isfinite(values)
    return np.where(finite & (rng.random(shape) < 0.5), values, near)


@each_dtype
@each_pair
def test_summed_is_the_sum_rounded_once(isa, fused, norm, dtype):
    for shape in SHAPES:
        x, residual = (_any_magnitude(shape, dtype, seed) for seed in (1, 2))
        wide = np.float32 if dtype.itemsize == 2 else dtype  # its 24 bits hold 2 * 11 + 2: rounding twice is harmless
        with np.errstate(over="ignore"):
            expected = (x.astype(wide) + residual.astype(wide)).astype(dtype)
        case = fused.case(shape, dtype)
        for suffix in ("", "_forward"):
            assert_same(SPEC[fused.name + suffix].call(case, x=x, residual=residual)["summed"], expected)


@each_dtype
@each_pair
def test_the_norm_is_that_of_the_rounded_sum_bit_for_bit(isa, fused, norm, dtype):
    for shape in SHAPES:
        for kind in ("random", "far", "constant"):
            case = fused.case(shape, dtype, kind)
            results = SPEC[f"{fused.name}_forward"].call(case)
            again = SPEC[f"{norm.name}_forward"].call(replace(case, x=results["summed"], residual=None))
            assert_same_bits(results, {**again, "summed": results["summed"]})
            inference = SPEC[fused.name].call(case)
            assert_same_bits(inference, {name: results[name] for name in inference})


@each_dtype
@each_pair
def test_without_dsummed_the_gradient_is_the_norms_bit_for_bit(isa, fused, norm, dtype):
    for shape in SHAPES:
        case = fused.case(shape, dtype)
        alone = SPEC[f"{norm.name}_backward"].call(replace(case, x=case.summed, residual=None))
        assert_same_bits(SPEC[f"{fused.name}_backward"].call(case, dsummed=None), alone)
        zero = SPEC[f"{fused.name}_backward"].call(case, dsummed=np.zeros_like(case.dsummed))
        for name, value in alone.items():
            assert_equal(zero[name], value, name)


@each_dtype
@each_pair
def test_dsummed_is_added_to_dx_and_to_nothing_else(isa, fused, norm, dtype):
    for shape in SHAPES:
        case = fused.case(shape, dtype)
        backward = SPEC[f"{fused.name}_backward"]
        without, with_it = backward.call(case, dsummed=None), backward.call(case)
        for name in without.keys() - {"dx"}:
            assert_same(with_it[name], without[name], name)
        # Where the norm's own gradient is nothing, dx is dsummed: after dy = 0.
        nothing = backward.call(case, dy=np.zeros_like(case.dy))
        assert_same(nothing["dx"], case.dsummed)
        assert (np.abs(with_it["dx"].astype(float) - without["dx"].astype(float)).max()) > 0


@each_dtype
@each_pair
def test_summed_is_an_array_of_its_own_and_the_inputs_stay(isa, fused, norm, dtype):
    case = fused.case((7, 33), dtype)
    x, residual = case.x.copy(), case.residual.copy()
    results = SPEC[f"{fused.name}_forward"].call(case)
    for other in (case.x, case.residual, results["y"]):
        assert not np.shares_memory(results["summed"], other)
    assert_same(case.x, x)
    assert_same(case.residual, residual)
