"""float16 and bfloat16 are how numbers are stored, never how they are summed; rounding is to nearest, ties to even."""

import numpy as np
import pytest

import simdnorm
from norms import (
    DTYPES,
    FLOAT32,
    SIXTEEN_BITS,
    SPEC,
    assert_equal,
    assert_same,
    assert_within_bound,
    each_norm,
    each_sixteen_bits,
    run_python,
    small_case,
    specs_of,
)

ALL_PATTERNS = np.arange(2**16, dtype=np.uint16)
# What lies below the last bit that is kept: nothing, less than half, half (a tie), more than half.
BELOW = np.array([0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)


def _float32_near_ties():
    """Every upper half of a float32 with every kind of lower half: NaN, infinities, denormals and overflow as well."""
    bits = (ALL_PATTERNS.astype(np.uint32)[:, np.newaxis] << 16) | BELOW
    return bits.ravel().view(np.float32)


def _rounded(values, dtype):
    with np.errstate(all="ignore"):
        return values.astype(dtype)


def _widened(value, dtype):
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == dtype else value


def _assert_equal_bits(actual, expected):
    """Bit for bit, but for zeros, whose sign an addition of zero decides; and NaN is NaN."""
    with np.errstate(invalid="ignore"):
        nan = np.isnan(expected)
        assert np.isnan(actual[nan]).all() and not np.isnan(actual[~nan]).any()
    actual, expected = actual[~nan].view(np.uint16), expected[~nan].view(np.uint16)
    zero = (expected & 0x7FFF) == 0
    np.testing.assert_array_equal(actual[~zero], expected[~zero])
    assert (actual[zero] & 0x7FFF == 0).all()


@pytest.mark.parametrize("inner", [(), (3,), (16,), (41,)], ids=str)
@each_sixteen_bits
def test_results_are_rounded_to_nearest_ties_to_even(isa, dtype, inner):
    bias = _float32_near_ties()[:: 1 + 4 * len(inner)]
    x = np.zeros((2, bias.size, *inner), dtype)
    y = simdnorm.batch_norm_apply(x, np.zeros(bias.size), np.ones(bias.size), None, bias)  # 0 * 1 + bias
    expected = np.broadcast_to(_rounded(bias, dtype).reshape(-1, *[1] * len(inner)), x.shape)
    _assert_equal_bits(y, expected.copy())


@each_sixteen_bits
def test_a_result_of_each_row_kernel_is_rounded_to_nearest_ties_to_even(isa, dtype):
    bias = _float32_near_ties()[::7]
    for n in (bias.size, 1000, 33):
        x = np.ones((2, n), dtype)
        y = simdnorm.layer_norm(x, n, np.ones(n, np.float32), bias[:n].copy())  # a constant row gives the bias
        _assert_equal_bits(y, np.broadcast_to(_rounded(bias[:n], dtype), x.shape).copy())


@each_sixteen_bits
def test_every_number_is_read_as_what_it_is(isa, dtype):
    numbers = ALL_PATTERNS.view(dtype)
    mean, rstd = np.zeros(numbers.size), np.ones(numbers.size)
    _assert_equal_bits(simdnorm.batch_norm_apply(numbers[np.newaxis], mean, rstd)[0], numbers)
    for inner in (1, 7, 64):  # rows of each channel
        x = np.repeat(numbers[np.newaxis, :, np.newaxis], inner, axis=2)
        _assert_equal_bits(simdnorm.batch_norm_apply(x, mean, rstd).ravel(), np.repeat(numbers, inner))


@each_sixteen_bits
def test_nothing_added_to_a_number_leaves_it(isa, dtype):
    numbers = ALL_PATTERNS.view(dtype)
    for n in (numbers.size, 32, 1):
        x = numbers.reshape(-1, n)
        for add in (simdnorm.add_layer_norm, simdnorm.add_rms_norm):
            _assert_equal_bits(add(x, np.zeros_like(x), n)[1].ravel(), numbers)


@each_sixteen_bits
@each_norm
def test_results_are_those_of_float32_rounded_once(isa, norm, dtype):
    if isa == "numpy":
        pytest.skip("the NumPy fallback rounds from float64: once, and not by way of float32")
    for options in ({}, {"mask": "scattered"}) if norm.has_channels else ({},):
        case = small_case(norm, dtype, parameters=FLOAT32, **options)
        for spec in specs_of(norm):
            arguments = spec.arguments(case)
            if "residual" in arguments:  # its sum is rounded before it is normalized
                arguments["x"], arguments["residual"] = case.summed, np.zeros_like(case.summed)
            narrow = spec.called_with(arguments)
            wide = spec.called_with({name: _widened(value, dtype) for name, value in arguments.items()})
            for name, value in wide.items():
                assert_same(narrow[name], _rounded(value, narrow[name].dtype), f"{name} of {spec.name}")


@each_sixteen_bits
@pytest.mark.parametrize("parameters", ["float32", "that of x"])
@each_norm
def test_gradients_of_parameters_are_not_summed_in_16_bits(isa, norm, parameters, dtype):
    shape = (2, 6, 50_000) if norm.has_channels else (100_000, 5)
    wide = parameters == "float32"
    case = norm.case(shape, dtype, parameters=FLOAT32 if wide else dtype, given="weight")
    eighth = np.full_like(case.dy, 0.125)
    spec = SPEC[f"{norm.name}_backward"]
    results = spec.call(case, dy=eighth)
    if "dbias" in results:  # 100,000 eighths: 16 bits would stand still at 2^8 or 2^11 of them
        assert_equal(results["dbias"], _rounded(np.full_like(case.weight, 12_500, np.float32), results["dbias"].dtype))
    assert_within_bound(spec.call(case), spec.expected(case))


def test_65536_halves_and_rows_of_the_largest_float16_are_exact(isa):
    halves = np.full((2, 65_536), 0.5, np.float16)
    y, mean, rstd = simdnorm.layer_norm_forward(halves, 65_536)
    assert (mean == 0.5).all() and (y == 0).all() and mean.dtype == rstd.dtype == np.float32
    largest = np.full((3, 1000), 65_504, np.float16)
    y, mean, _ = simdnorm.layer_norm_forward(largest, 1000)
    assert (mean == 65_504).all() and (y == 0).all()
    assert (simdnorm.rms_norm(largest, 1000) == 1).all()
    largest[:, ::2] *= -1
    assert_same(simdnorm.layer_norm(largest, 1000), np.sign(largest))
    _, _, rstd = simdnorm.layer_norm_forward(largest, 1000)
    np.testing.assert_allclose(rstd, np.float32(1 / 65_504), rtol=2**-23)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rms_norms_own_eps_is_the_step_after_one(isa, dtype):
    x = np.zeros((1, 4), dtype)
    _, rstd = simdnorm.rms_norm_forward(x, 4)
    step = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}[dtype.name]
    assert rstd.item() == rstd.dtype.type(1 / np.sqrt(step))


@each_sixteen_bits
def test_running_statistics_in_16_bits_are_rounded_once(isa, dtype):
    for name in ("batch_norm_moving", "instance_norm_moving"):
        spec = SPEC[name]
        narrow = small_case(spec, dtype)
        wide = {n: getattr(narrow, n).astype(np.float32) for n in ("running_mean", "running_var")}
        expected = spec.call(narrow, **wide)
        results = spec.call(narrow)
        assert_same(results["y"], expected["y"])
        for running in wide:
            assert results[running].dtype == dtype
            assert_same(results[running], _rounded(expected[running], dtype))


def test_ml_dtypes_is_imported_by_nobody_else():
    code = """
import sys
import numpy as np, simdnorm, simdnorm.runtime, simdnorm.reference, simdnorm._selfcheck.specs
x = np.ones((3, 8), np.float16)
y, mean, rstd = simdnorm.layer_norm_forward(x, 8)
simdnorm.layer_norm_backward(x, x, mean, rstd)
simdnorm.batch_norm(x, None, None, training=True)
try:
    simdnorm.layer_norm(np.ones((3, 8), np.uint16), 8)
except TypeError as error:
    print("uint16" in str(error))
print("ml_dtypes" in sys.modules)
"""
    result = run_python(code)
    assert result.stdout.split() == ["True", "False"], result.stderr


@pytest.mark.parametrize("spec", SPEC.values(), ids=lambda spec: spec.name)
def test_bits_that_claim_no_type_are_refused_even_beside_bfloat16(isa, spec):
    case = small_case(spec, SIXTEEN_BITS[-1])
    for name in ("x", "dy", "residual", "summed"):
        if spec.takes(name):
            with pytest.raises((TypeError, ValueError), match=f"{name} has dtype uint16"):
                spec.call(case, **{name: getattr(case, name).view(np.uint16)})
