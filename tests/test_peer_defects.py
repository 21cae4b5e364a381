"""What peers had or have wrong, on the very input that showed it. bench/python/defects.py shows their answers."""

from dataclasses import replace

import numpy as np
import pytest

import simdnorm
from norms import FLOAT32, SIXTEEN_BITS, SPEC, assert_keeps_the_bound
from simdnorm._selfcheck.norms import BATCH_NORM, GROUP_NORM, LAYER_NORM, RMS_NORM


def _assert_both_ways_keep_the_bound(norm, x):
    case = norm.case_of(x)
    for way in ("forward", "backward"):
        assert_keeps_the_bound(SPEC[f"{norm.name}_{way}"], case)


@pytest.mark.parametrize("first", [40_000, 80_000, 2**22])
def test_a_variance_is_not_a_difference_of_two_large_numbers(first):
    """onnxruntime#28463, flax#1491: E[x^2] - E[x]^2 is NaN or, clamped, 0."""
    _assert_both_ways_keep_the_bound(LAYER_NORM, first + np.arange(4, dtype=np.float32)[np.newaxis])


@pytest.mark.parametrize("value", [1234, 0.1, 14])
def test_equal_values_give_the_bias(isa, value):
    """onnxruntime#21935, pytorch#108072: a variance below zero; a mean that is folded into the bias."""
    x, weight, bias = np.full((3, 256), value, np.float32), *np.linspace(-1, 3, 512, dtype=np.float32).reshape(2, 256)
    np.testing.assert_array_equal(simdnorm.layer_norm(x, 256, weight, bias), np.broadcast_to(bias, x.shape))
    y, _, _ = simdnorm.batch_norm_forward(x, weight, bias)
    np.testing.assert_array_equal(y, np.broadcast_to(bias, x.shape))


@pytest.mark.parametrize("dtype", [FLOAT32, *SIXTEEN_BITS], ids=str)
def test_a_row_of_one_value_gives_its_weight_no_gradient(isa, dtype):
    """pytorch#188372: the output does not depend on the weight, and dweight is not 0."""
    x, weight, bias = (np.array([value], dtype) for value in (1e4, 2, 3))
    y, mean, rstd = simdnorm.layer_norm_forward(x, 1, weight, bias)
    assert y == bias
    dx, dweight, dbias = simdnorm.layer_norm_backward(np.ones_like(x), x, mean, rstd, weight)
    assert (dx, dweight, dbias) == (0, 0, 1)


def test_a_gradient_of_group_norm_has_the_statistics_of_the_group():
    """oneDNN#3543: input of 2 x 6 x 4, 3 groups, and a weight that is not 1."""
    _assert_both_ways_keep_the_bound(GROUP_NORM, np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32))


def test_a_gradient_of_rms_norm_subtracts_no_mean():
    """ggml#1491, oneDNN: the gradient of rows around 1 is not 0 on the average."""
    x = 1 + np.random.default_rng(0).normal(size=(4, 100)).astype(np.float32)
    case = replace(RMS_NORM.case_of(x, given="none"), dy=np.ones_like(x))
    assert (np.abs(SPEC["rms_norm_backward"].expected(case)["dx"].value.mean(axis=-1)) > 0.1).all()
    assert_keeps_the_bound(SPEC["rms_norm_backward"], case)


@pytest.mark.parametrize("dtype", SIXTEEN_BITS, ids=str)
def test_neither_sums_nor_counts_are_of_16_bits(dtype):
    """pytorch#77507, pytorch#147303: dweight is summed in 16 bits; executorch#16727: n is more than 65504."""
    rng = np.random.default_rng(0)
    _assert_both_ways_keep_the_bound(LAYER_NORM, rng.normal(size=(4096, 20)).astype(dtype))
    _assert_both_ways_keep_the_bound(LAYER_NORM, (0.5 + rng.normal(size=(1, 65_537))).astype(dtype))


@pytest.mark.parametrize("norm", [LAYER_NORM, RMS_NORM, GROUP_NORM, BATCH_NORM], ids=lambda norm: norm.name)
def test_numbers_whose_squares_overflow_are_normalized(norm):
    """pytorch#162489: 1e30 comes out as 0."""
    x = (1e30 * np.random.default_rng(0).normal(size=(4, 6, 20))).astype(np.float32)
    _assert_both_ways_keep_the_bound(norm, x)


def test_empty_input_and_empty_statistics_are_an_answer_or_a_refusal(isa):
    """pytorch#29578, #12013, #120803, #169208, #1381; CVE-2021-41223, CVE-2021-29583: crashes and NaN."""
    zeros, ones = np.zeros(5, np.float32), np.ones(5, np.float32)
    mean, var = zeros.copy(), ones.copy()
    for shape in ((0, 5), (0, 5, 9), (1, 5)):
        with pytest.raises(ValueError, match="2 or more values per channel"):
            simdnorm.batch_norm_forward(np.ones(shape, np.float32), None, None, mean, var)
    for pair in ((zeros, ones[:0]), (zeros[:0], ones), (zeros[:0], ones[:0])):
        with pytest.raises(ValueError, match="running_"):
            simdnorm.batch_norm_forward(np.ones((10, 5), np.float32), None, None, *pair)
    np.testing.assert_array_equal([mean, var], [zeros, ones])
    assert simdnorm.batch_norm(np.ones((0, 5, 9, 9), np.float32), mean, var).shape == (0, 5, 9, 9)


def test_more_values_than_32_bits_can_count_are_counted():
    """pytorch#181555, apex#1845. Zeros that nobody wrote take no memory, and all but the last value are such."""
    x = np.zeros((2**31 + 5, 1), np.float16)
    x[-1] = 1
    n, u = len(x), 2.0**-24
    count, mean, m2 = simdnorm.batch_norm_stats(x)
    assert count == n
    np.testing.assert_allclose(mean, 1 / n, rtol=0, atol=4 * u / np.sqrt(n))
    np.testing.assert_allclose(m2, 1 - 1 / n, rtol=6 * u)


@pytest.mark.parametrize("given", ["weight", "bias"])
def test_one_parameter_without_the_other_is_all_that_counts(given):
    """pytorch#69208."""
    for norm in (LAYER_NORM, GROUP_NORM, BATCH_NORM):
        case = norm.case_of(np.random.default_rng(0).normal(size=(4, 6, 20)).astype(np.float32), given=given)
        for way in ("forward", "backward"):
            assert_keeps_the_bound(SPEC[f"{norm.name}_{way}"], case)


def test_a_parameter_of_another_dtype_is_refused(isa):
    """sglang#32807."""
    x = np.ones((4, 8), np.float32)
    with pytest.raises(TypeError, match=r"weight .*float16"):
        simdnorm.layer_norm(x, 8, np.ones(8, np.float16))


def test_the_running_variance_is_the_unbiased_one_and_rstd_is_not(isa):
    """pytorch#19902, #77427, #106366, keras#8982."""
    x = np.array([[1], [2], [3], [4]], np.float32)
    for unbiased, expected in ((True, np.float32(5 / 3)), (False, np.float32(1.25))):
        mean, var = np.zeros(1, np.float32), np.ones(1, np.float32)
        _, _, rstd = simdnorm.batch_norm_forward(x, None, None, mean, var, 1.0, eps=0.0, unbiased=unbiased)
        assert (mean, var, rstd) == (2.5, expected, np.float32(1 / np.sqrt(1.25)))


def test_a_masked_mean_is_divided_by_the_number_of_its_values(isa):
    """keras: by that and a small number more."""
    x = np.array([[[3, 5, 7]]], np.float32)
    for n, mean, m2 in ((1, 3, 0), (2, 4, 2), (3, 5, 8)):
        assert simdnorm.batch_norm_stats(x, mask=np.arange(3) < n) == (n, mean, m2)
