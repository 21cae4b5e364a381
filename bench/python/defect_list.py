"""The defects that others had or have: where seen, the input that shows each, and the test that keeps ours away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from cases import Array
from probes import PROBES


@dataclass(frozen=True)
class Defect:
    """Either an operation on x, of which everybody's error is asked, or a program for each library."""

    name: str
    seen_in: str
    input: str
    test: str  # in tests/test_peer_defects.py, where no file is named
    operation: str = ""
    x: Callable[[], Array] | None = None
    probes: Mapping[str, Callable[[], str]] = field(default_factory=dict)


def _random(*shape: int, mean: float = 0, dtype: str = "float32") -> Callable[[], Array]:
    return lambda: (mean + np.random.default_rng(0).standard_normal(shape)).astype(dtype)


def _full(*shape: int, value: float, dtype: str = "float32") -> Callable[[], Array]:
    return lambda: np.full(shape, value, dtype)


def _probes(name: str) -> Mapping[str, Callable[[], str]]:
    return {peer: probe for (defect, peer), probe in PROBES.items() if defect == name}


DEFECTS = (
    Defect(
        "one-pass variance",
        "onnxruntime#28463, flax#1491, pytorch#51102",
        "layer_norm of 40000, 40001, 40002, 40003",
        "test_a_variance_is_not_a_difference_of_two_large_numbers",
        "layer_norm_forward",
        lambda: np.array([[40000, 40001, 40002, 40003]], np.float32),
    ),
    Defect(
        "the same, clamped or not",
        "onnxruntime#21935",
        "layer_norm of 256 times 1234",
        "test_equal_values_give_the_bias",
        "layer_norm_forward",
        _full(1, 256, value=1234),
    ),
    Defect(
        "mean folded into the bias",
        "pytorch#108072",
        "batch_norm of channels of 0.1",
        "test_equal_values_give_the_bias",
        "batch_norm_forward",
        _full(2, 32, 5, 7, value=0.1),
    ),
    Defect(
        "the same: dweight is not 0",
        "pytorch#188372",
        "layer_norm_backward of rows of one value, 10^6",
        "test_a_row_of_one_value_gives_its_weight_no_gradient",
        "layer_norm_backward",
        _full(3, 1, value=1e6),
    ),
    Defect(
        "GroupNorm backward without the group statistics",
        "oneDNN#3543",
        "group_norm_backward of random 2 x 64 x 2 x 2, 32 groups",
        "test_a_gradient_of_group_norm_has_the_statistics_of_the_group",
        "group_norm_backward",
        _random(2, 64, 2, 2),
    ),
    Defect(
        "RMSNorm backward that subtracts a mean",
        "oneDNN, ggml#1491",
        "rms_norm_backward of random rows around 1",
        "test_a_gradient_of_rms_norm_subtracts_no_mean",
        "rms_norm_backward",
        _random(4, 100, mean=1),
    ),
    Defect(
        "sums in 16 bits",
        "pytorch#77507, pytorch#147303",
        "layer_norm_backward of random 4096 x 768, bfloat16",
        "test_neither_sums_nor_counts_are_of_16_bits",
        "layer_norm_backward",
        _random(4096, 768, dtype="bfloat16"),
    ),
    Defect(
        "count in 16 bits",
        "executorch#16727",
        "layer_norm of 65,537 random float16",
        "test_neither_sums_nor_counts_are_of_16_bits",
        "layer_norm_forward",
        _random(1, 65_537, mean=0.5, dtype="float16"),
    ),
    Defect(
        "squares overflow",
        "pytorch#162489",
        "rms_norm of random numbers times 10^30",
        "test_numbers_whose_squares_overflow_are_normalized",
        "rms_norm_forward",
        lambda: (1e30 * np.random.default_rng(0).standard_normal((4, 100))).astype(np.float32),
    ),
    Defect(
        "crash on empty running statistics",
        "pytorch#169208, CVE-2021-41223, CVE-2021-29583",
        "batch_norm_forward of 10 x 8 with a running_var of size 0",
        "test_empty_input_and_empty_statistics_are_an_answer_or_a_refusal",
        probes=_probes("empty running_var"),
    ),
    Defect(
        "crash or NaN on empty shapes",
        "pytorch#29578, #12013, #120803",
        "batch_norm_forward of 0 x 5 x 9",
        "test_empty_input_and_empty_statistics_are_an_answer_or_a_refusal",
        probes=_probes("empty batch"),
    ),
    Defect(
        "one value to a channel",
        "pytorch#1381",
        "instance_norm of 1 x 10 x 1",
        "test_empty_input_and_empty_statistics_are_an_answer_or_a_refusal",
        probes=_probes("one value"),
    ),
    Defect(
        "32-bit indices",
        "pytorch#181555, apex#1845",
        "statistics of 2^31 + 5 values, all 0 but the last",
        "test_more_values_than_32_bits_can_count_are_counted",
        probes=_probes("many values"),
    ),
    Defect(
        "wrong when only one parameter is given",
        "pytorch#69208 (CUDA)",
        "layer_norm with a bias alone, and with a weight alone",
        "test_one_parameter_without_the_other_is_all_that_counts",
        probes=_probes("one parameter"),
    ),
    Defect(
        "parameter dtype unchecked",
        "sglang#32807",
        "layer_norm of float32 with a float16 weight",
        "test_a_parameter_of_another_dtype_is_refused",
        probes=_probes("parameter dtype"),
    ),
    Defect(
        "hang after fork; quota ignored; several OpenMP copies",
        "LightGBM#4751, xgboost#7653, pytorch#98836, #149422",
        "a call, fork, and a call in the child",
        "test_processes.py::test_a_child_process_gives_its_parents_bits_after_the_parent_has_worked",
        probes=_probes("fork"),
    ),
    Defect(
        "biased or unbiased running variance",
        "pytorch#19902, #77427, #106366, keras#8982",
        "running_var after 1, 2, 3, 4 with momentum 1",
        "test_the_running_variance_is_the_unbiased_one_and_rstd_is_not",
        probes=_probes("running variance"),
    ),
    Defect(
        "masked mean divides by sum(mask) + eps",
        "keras",
        "mean of 3 and of what a mask leaves out",
        "test_a_masked_mean_is_divided_by_the_number_of_its_values",
        probes=_probes("masked mean"),
    ),
)
