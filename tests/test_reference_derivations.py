"""Every textbook derivation of the backward pass, against each other and against finite differences."""

import numpy as np
import pytest

from simdnorm.reference import (
    BATCH_NORM_DERIVATIONS,
    GROUP_NORM_DERIVATIONS,
    LAYER_NORM_DERIVATIONS,
    RMS_NORM_DERIVATIONS,
    batch_norm_forward,
    group_norm_forward,
    layer_norm_backward_closed,
    layer_norm_backward_std_mean,
    layer_norm_forward,
    numerical_gradient,
    rms_norm_forward,
)

EPS = 1e-5


def _rows(case):
    """Return x (rows, length) and weight (length,): kind data, and data that is not."""
    rng = np.random.default_rng(2)
    normal = rng.normal(size=(4, 7))
    weight = rng.normal(size=7)
    match case:
        case "random":
            return normal, weight
        case "mean 1e4 times the spread" | "mean 1e5 times the spread" | "mean 1e6 times the spread":
            return normal + float(case.split()[1]), weight
        case "spread far below sqrt(eps)":
            return 3 + 1e-8 * normal, weight
        case "huge weights":
            return normal, 1e12 * weight
        case "one huge weight":
            return normal, weight * np.where(np.arange(7) == 2, 1e6, 1)
        case "two-valued rows":
            return np.where(normal > 0.3, 4.0, 0.25), weight
        case "length 2" | "length 3":
            length = int(case.split()[1])
            return normal[:, :length], weight[:length]
    raise AssertionError(case)


CASES = [
    "random",
    "mean 1e4 times the spread",
    "mean 1e5 times the spread",
    "mean 1e6 times the spread",
    "spread far below sqrt(eps)",
    "huge weights",
    "one huge weight",
    "two-valued rows",
    "length 2",
    "length 3",
]

layer_norm_derivations = pytest.mark.parametrize("derivation", LAYER_NORM_DERIVATIONS.values())
batch_norm_derivations = pytest.mark.parametrize("derivation", BATCH_NORM_DERIVATIONS.values())
rms_norm_derivations = pytest.mark.parametrize("derivation", RMS_NORM_DERIVATIONS.values())
group_norm_derivations = pytest.mark.parametrize("derivation", GROUP_NORM_DERIVATIONS.values())


@pytest.fixture(params=CASES)
def layer_norm_data(request):
    x, weight = _rows(request.param)
    return np.random.default_rng(3).normal(size=x.shape), x, weight


@pytest.fixture(params=CASES)
def batch_norm_data(request):
    # The same rows as channels; the weights of a channel are one number.
    rows, weight = _rows(request.param)
    x = rows.T.copy()
    return np.random.default_rng(4).normal(size=x.shape), x, np.resize(weight, x.shape[1])


@pytest.fixture(params=CASES)
def group_norm_data(request):
    """Return dy, x and weight of two samples: each row and its mirror image, as four channels in two groups."""
    rows, weight = _rows(request.param)
    x = np.stack([rows, rows[::-1]])
    return np.random.default_rng(6).normal(size=x.shape), x, weight[np.arange(4) % len(weight)]


def _assert_same_gradient(actual, expected):
    # Relative to the largest gradient, not to each: dx sums to zero over what was normalized, so single elements
    # cancel to any smallness, and only an error beside the terms that cancelled means something.
    assert actual.shape == expected.shape
    largest = np.max(np.abs(expected))
    assert largest > 0
    np.testing.assert_array_less(np.abs(actual - expected), 1e-7 * largest)


def _assert_same_gradients(actual, expected):
    for actual_, expected_ in zip(actual, expected, strict=True):
        _assert_same_gradient(actual_, expected_)


def _differences(forward, dy, x, weight, axis):
    """Return dx, dweight and dbias by finite differences; `axis` are the axes that are normalized over."""
    x, weight = (np.asarray(a, dtype=np.longdouble) for a in (x, weight))
    # y bends over a distance of sqrt(var + eps), which may be small beside x; the step is relative to x.
    step = np.cbrt(np.finfo(x.dtype).eps) * np.sqrt(np.min(np.var(x, axis=axis)) + EPS) / np.max(np.abs(x))
    return (
        numerical_gradient(lambda x_: forward(x_, weight, eps=EPS)[0], x, dy, float(step)),
        numerical_gradient(lambda weight_: forward(x, weight_, eps=EPS)[0], weight, dy),
        # At a bias as large as the weights: steps relative to it must show beside y.
        numerical_gradient(lambda bias_: forward(x, weight, bias_, EPS)[0], weight, dy),
    )


@layer_norm_derivations
def test_layer_norm_derivation_equals_finite_differences(derivation, layer_norm_data):
    dy, x, weight = layer_norm_data
    _assert_same_gradients(derivation(dy, x, weight, EPS), _differences(layer_norm_forward, dy, x, weight, axis=1))


def test_layer_norm_derivation_std_mean_equals_finite_differences(layer_norm_data):
    # Without parameters; in front of them it receives the gradient dy * weight.
    dy, x, weight = layer_norm_data
    dx, _, _ = _differences(layer_norm_forward, dy, x, weight, axis=1)
    _assert_same_gradient(layer_norm_backward_std_mean(dy * weight, x, EPS), dx)


@batch_norm_derivations
def test_batch_norm_derivation_equals_finite_differences(derivation, batch_norm_data):
    dy, x, weight = batch_norm_data
    _assert_same_gradients(derivation(dy, x, weight, EPS), _differences(batch_norm_forward, dy, x, weight, axis=0))


@rms_norm_derivations
def test_rms_norm_derivation_equals_finite_differences(derivation, layer_norm_data):
    dy, x, weight = layer_norm_data
    wide_x, wide_weight = np.longdouble(x), np.longdouble(weight)
    # y bends over a distance of rms, which x is not far beyond, so that the default step suits.
    expected = (
        numerical_gradient(lambda x_: rms_norm_forward(x_, wide_weight, EPS)[0], wide_x, dy),
        numerical_gradient(lambda weight_: rms_norm_forward(wide_x, weight_, EPS)[0], wide_weight, dy),
    )
    _assert_same_gradients(derivation(dy, x, weight, EPS), expected)


@group_norm_derivations
def test_group_norm_derivation_equals_finite_differences(derivation, group_norm_data):
    dy, x, weight = group_norm_data

    def forward(x_, weight_, bias_=None, eps=EPS):
        return group_norm_forward(x_, 2, weight_, bias_, eps)

    expected = _differences(forward, dy, x, weight, axis=(1, 2))
    _assert_same_gradients(derivation(dy, x, weight, 2, EPS), expected)


def test_layer_norm_derivations_agree(layer_norm_data):
    dy, x, weight = layer_norm_data
    closed = layer_norm_backward_closed(dy, x, weight, EPS)
    for derivation in LAYER_NORM_DERIVATIONS.values():
        _assert_same_gradients(derivation(dy, x, weight, EPS), closed)
    _assert_same_gradient(layer_norm_backward_std_mean(dy * weight, x, EPS), closed[0])


def test_batch_norm_derivations_agree(batch_norm_data):
    dy, x, weight = batch_norm_data
    closed = BATCH_NORM_DERIVATIONS["closed"](dy, x, weight, EPS)
    for derivation in BATCH_NORM_DERIVATIONS.values():
        _assert_same_gradients(derivation(dy, x, weight, EPS), closed)


def test_rms_norm_derivations_agree(layer_norm_data):
    dy, x, weight = layer_norm_data
    closed = RMS_NORM_DERIVATIONS["closed"](dy, x, weight, EPS)
    for derivation in RMS_NORM_DERIVATIONS.values():
        _assert_same_gradients(derivation(dy, x, weight, EPS), closed)


@pytest.mark.parametrize("num_groups", [1, 2, 4])
def test_group_norm_derivations_agree(num_groups, group_norm_data):
    dy, x, weight = group_norm_data
    closed = GROUP_NORM_DERIVATIONS["closed"](dy, x, weight, num_groups, EPS)
    for derivation in GROUP_NORM_DERIVATIONS.values():
        _assert_same_gradients(derivation(dy, x, weight, num_groups, EPS), closed)


OF_MATRICES = (LAYER_NORM_DERIVATIONS, BATCH_NORM_DERIVATIONS, RMS_NORM_DERIVATIONS)
precisions = pytest.mark.parametrize(("given", "working"), [(np.float32, np.float64), (np.float64, np.longdouble)])


@pytest.mark.parametrize("derivation", [derivation for table in OF_MATRICES for derivation in table.values()])
@precisions
def test_derivation_works_in_more_digits_than_it_is_given(derivation, given, working):
    x = np.arange(9, dtype=given).reshape(3, 3) ** 2
    for gradient in derivation(x, x, x[0], EPS):
        assert gradient.dtype == working


@group_norm_derivations
@precisions
def test_group_norm_derivation_works_in_more_digits_than_it_is_given(derivation, given, working):
    x = np.arange(24, dtype=given).reshape(2, 4, 3) ** 2
    for gradient in derivation(x, x, x[0, :, 0], 2, EPS):
        assert gradient.dtype == working


@pytest.mark.parametrize("layer_norm_name", LAYER_NORM_DERIVATIONS)
@pytest.mark.parametrize("batch_norm_name", BATCH_NORM_DERIVATIONS)
def test_derivations_of_the_two_norms_are_each_others_transpose(layer_norm_name, batch_norm_name):
    dy, x = np.random.default_rng(5).normal(size=(2, 6, 5))
    layer_norm_dx, _, _ = LAYER_NORM_DERIVATIONS[layer_norm_name](dy, x, np.ones(5), EPS)
    batch_norm_dx, _, _ = BATCH_NORM_DERIVATIONS[batch_norm_name](dy.T, x.T, np.ones(6), EPS)
    _assert_same_gradient(batch_norm_dx.T, layer_norm_dx)
