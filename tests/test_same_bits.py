"""The same bits: for any thread count, instruction set with hardware fma, batch, or run."""

import numpy as np
import pytest

import simdnorm
from norms import (
    LAYER_NORM,
    NATIVE_ISAS,
    SPECS,
    assert_same_bits,
    big_shapes,
    each_dtype,
    each_spec,
    needs_native,
    shapes_of,
)

FORK_BYTES = 2**18  # what is smaller is done by the caller's own thread
FUSED_ISAS = [name for name in NATIVE_ISAS if name != "portable"]


@needs_native
@each_dtype
@each_spec
def test_any_thread_count_gives_the_bits_of_one(spec, dtype):
    for shape in big_shapes(spec):
        case = spec.case(shape, dtype, "random")
        with simdnorm.threads(1):
            expected = spec.call(case)
        for n in (2, 3, 5, 8):
            with simdnorm.threads(n):
                assert_same_bits(spec.call(case), expected)


@needs_native
@pytest.mark.skipif(len(FUSED_ISAS) < 2, reason="needs two instruction sets with hardware fma")
@each_dtype
@each_spec
def test_every_isa_with_fma_gives_the_same_bits(spec, dtype):
    for shape in shapes_of(spec) + big_shapes(spec)[:2]:
        for kind in ("random", "far"):
            case = spec.case(shape, dtype, kind)
            with simdnorm.use_isa(FUSED_ISAS[0]):
                expected = spec.call(case)
            for name in FUSED_ISAS[1:]:
                with simdnorm.use_isa(name):
                    assert_same_bits(spec.call(case), expected)


@each_dtype
@pytest.mark.parametrize("shape", [(70, 5), (70, 16), (70, 130), (70, 1000), (5, 70_000)])
def test_a_row_alone_gives_the_bits_that_it_has_in_a_batch(isa, dtype, shape):
    spec = next(spec for spec in LAYER_NORM if spec.name == "layer_norm_forward")
    case = spec.case(shape, dtype)
    y, mean, rstd = simdnorm.layer_norm_forward(case.x, shape[1], case.weight, case.bias)
    dx, _, _ = simdnorm.layer_norm_backward(case.dy, case.x, mean, rstd, case.weight)
    for i in (0, 1, shape[0] // 2, shape[0] - 1):
        row = slice(i, i + 1)
        alone = simdnorm.layer_norm_forward(case.x[row], shape[1], case.weight, case.bias)
        for actual, whole in zip(alone, (y, mean, rstd), strict=True):
            np.testing.assert_array_equal(actual, whole[row])
        dx_alone, _, _ = simdnorm.layer_norm_backward(case.dy[row], case.x[row], mean[row], rstd[row], case.weight)
        np.testing.assert_array_equal(dx_alone, dx[row])


@each_dtype
def test_the_fast_lane_and_the_long_way_give_the_same_bits(isa, dtype):
    for shape in shapes_of(LAYER_NORM[0]):
        case = LAYER_NORM[0].case(shape, dtype)
        fast = simdnorm.layer_norm(case.x, shape[1], case.weight, case.bias)
        long = simdnorm.layer_norm(case.x, None, case.weight, case.bias, axis=-1)
        np.testing.assert_array_equal(fast, long)


@each_spec
def test_every_call_gives_the_bits_of_the_first(isa, spec):
    case = spec.case(shapes_of(spec)[-1], np.dtype(np.float32), "random")
    expected = spec.call(case)
    for _ in range(5):
        assert_same_bits(spec.call(case), expected)


@needs_native
def test_many_python_threads_at_once_get_the_bits_of_one():
    from concurrent.futures import ThreadPoolExecutor

    float32 = np.dtype(np.float32)
    jobs = [(spec, spec.case(shape, float32)) for spec in SPECS for shape in big_shapes(spec)[-2:]]
    assert all(case.x.nbytes > FORK_BYTES for _, case in jobs)
    with simdnorm.threads(2):
        expected = [spec.call(case) for spec, case in jobs]
        with ThreadPoolExecutor(64) as pool:
            futures = [(i, pool.submit(jobs[i][0].call, jobs[i][1])) for i in range(len(jobs))] * 4
            for i, future in futures:
                assert_same_bits(future.result(), expected[i])
