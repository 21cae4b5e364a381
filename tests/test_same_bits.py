"""The same bits: for any thread count, instruction set with hardware fma, batch, run, or place of the output."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import simdnorm
from norms import (
    FLOAT32,
    LENGTHS,
    NATIVE_ISAS,
    SPEC,
    SPECS,
    assert_same,
    assert_same_bits,
    big_cases,
    each_dtype,
    each_norm,
    each_row_norm,
    each_sixteen_bits,
    each_spec,
    layouts_of,
    needs_native,
    small_case,
    specs_of,
    with_out,
)
from simdnorm._selfcheck.plan import cases

FORK_BYTES = 2**18  # what is smaller is done by the caller's own thread
FUSED_ISAS = [name for name in NATIVE_ISAS if name != "portable"]


@needs_native
@each_dtype
@each_spec
def test_any_thread_count_gives_the_bits_of_one(spec, dtype):
    for case in big_cases(spec.norm, dtype):
        assert case.x.nbytes > FORK_BYTES
        with simdnorm.threads(1):
            expected = spec.call(case)
        for n in (2, 3, 5, 8):
            with simdnorm.threads(n):
                assert_same_bits(spec.call(case), expected)


@needs_native
@pytest.mark.skipif(len(FUSED_ISAS) < 2, reason="needs two instruction sets with hardware fma")
@each_dtype
@each_norm
def test_every_isa_with_fma_gives_the_same_bits(norm, dtype):
    plan = [*cases(norm, dtype, layouts_of(norm), ["random", "far", "trend"]), *big_cases(norm, dtype)[:2]]
    for case in plan:
        for spec in specs_of(norm):
            with simdnorm.use_isa(FUSED_ISAS[0]):
                expected = spec.call(case)
            for name in FUSED_ISAS[1:]:
                with simdnorm.use_isa(name):
                    assert_same_bits(spec.call(case), expected)


def _alone(case, sample):
    """The arguments of a case, one sample of each."""
    whole = len(case.x)
    per_sample = ("x", "dy", "residual", "dsummed", "summed", "mean", "rstd", "mask")
    words = {name: value for name, value in case.words().items() if name in per_sample and value is not None}
    return {name: value[sample] if len(value) == whole else value for name, value in words.items()}


def _assert_a_sample_alone_gives_its_bits(norm, case):
    for spec in (SPEC[norm.name], SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]):
        whole = spec.call(case)
        for i in {0, 1, len(case.x) // 2, len(case.x) - 1}:
            sample = slice(i, i + 1)
            given = {name: value for name, value in _alone(case, sample).items() if spec.takes(name)}
            alone = spec.call(case, **given)
            for name in ("y", "dx", "summed", "mean", "rstd"):
                if name in alone:
                    assert_same(alone[name], whole[name][sample], f"{name} of {case}")


@each_dtype
@each_row_norm
def test_a_row_alone_gives_the_bits_that_it_has_in_a_batch(isa, norm, dtype):
    for shape in [(70, 5), (70, 16), (70, 130), (70, 1000), (5, 70_000)]:
        _assert_a_sample_alone_gives_its_bits(norm, norm.case(shape, dtype))
    if norm.fits((6, 33, 20), 1):
        _assert_a_sample_alone_gives_its_bits(norm, norm.case((6, 33, 20), dtype, axis=1))


@each_dtype
@pytest.mark.parametrize("name", ["group_norm", "instance_norm"])
def test_a_sample_alone_gives_the_bits_that_it_has_in_a_batch(isa, name, dtype):
    norm = SPEC[name].norm
    for shape, options in [
        ((9, 6, 33), {}),
        ((5, 4, 9, 9), {"mask": "scattered"}),
        ((5, 60, 40), {"axis": -1}),
        ((5, 60, 40), {"axis": -1, "mask": "lengths"}),
        ((3, 4, 40_000), {}),
    ]:
        _assert_a_sample_alone_gives_its_bits(norm, norm.case(shape, dtype, **options))


@each_dtype
def test_the_fast_lane_and_the_long_way_give_the_same_bits(isa, dtype):
    for n in (*LENGTHS, 1000, 9000):
        case = SPEC["layer_norm"].case((5, n), dtype)
        fast = simdnorm.layer_norm(case.x, n, case.weight, case.bias)
        assert_same(simdnorm.layer_norm(case.x, None, case.weight, case.bias, axis=-1), fast)


@each_dtype
@with_out
def test_in_place_gives_the_bits_of_a_fresh_result(isa, spec, dtype):
    for options in ({}, {"mask": "scattered"}) if spec.takes("mask") else ({},):
        case = small_case(spec, dtype, **options)
        arguments = spec.arguments(case)
        expected = spec.called_with(arguments)
        for name in {"x", "residual", "dy", "summed", "dsummed"} & set(arguments):
            target = arguments[name].copy()
            results = spec.called_with({**arguments, name: target, "out": target})
            assert results[spec.out] is target
            assert_same_bits(results, expected)


@each_dtype
@each_spec
def test_every_call_gives_the_bits_of_the_first(isa, spec, dtype):
    case = small_case(spec, dtype)
    expected = spec.call(case)
    for _ in range(5):
        assert_same_bits(spec.call(case), expected)


@needs_native
def test_many_python_threads_at_once_get_the_bits_of_one():
    jobs = [(spec, case) for spec in SPECS for case in big_cases(spec.norm, FLOAT32)[-2:]]
    assert all(case.x.nbytes > FORK_BYTES for _, case in jobs)
    with simdnorm.threads(2):
        expected = [spec.call(case) for spec, case in jobs]
        with ThreadPoolExecutor(64) as pool:
            futures = [(i, pool.submit(jobs[i][0].call, jobs[i][1])) for i in range(len(jobs))] * 4
            for i, future in futures:
                assert_same_bits(future.result(), expected[i])


@each_sixteen_bits
@each_norm
def test_parameters_in_float32_give_the_bits_of_the_same_numbers_in_16_bits(isa, norm, dtype):
    spec = SPEC[f"{norm.name}_forward"]
    case = small_case(norm, dtype)
    wide = {name: getattr(case, name).astype(np.float32) for name in ("weight", "bias") if spec.takes(name)}
    assert_same_bits(spec.call(case, **wide), spec.call(case))
