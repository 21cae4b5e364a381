"""Finite differences: near enough to judge a gradient, and without a side effect on what they judge."""

import numpy as np
import pytest

from simdnorm.reference import numerical_gradient


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("magnitude", [1e-6, 1.0, 1e6])
def test_default_step_is_right_to_two_thirds_of_the_digits(dtype, magnitude):
    x = np.linspace(-1, 1, 8).astype(dtype) * dtype(magnitude)
    dy = np.linspace(1, 2, 8).astype(dtype)

    dx = numerical_gradient(lambda x_: np.sin(x_ / dtype(magnitude)), x, dy)

    # Truncation leaves step^2 / 6, the rounding of f leaves about eps / step, and step = eps^(1/3).
    expected = dy * np.cos(x / dtype(magnitude)) / dtype(magnitude)
    tolerance = 4 * np.cbrt(np.finfo(dtype).eps) ** 2 * np.max(np.abs(expected))
    np.testing.assert_array_less(np.abs(dx - expected), tolerance)


def test_step_is_the_one_that_rounding_left():
    # At 2**24 float32 has steps of 2: of a nominal distance of 2.5 up and down, 2 arrive. A line has no truncation
    # error, so that its slope comes out exactly, and dividing by 5 would give 2.4.
    x = np.full(1, 2.0**24 + 8, dtype=np.float32)
    dx = numerical_gradient(lambda x_: 3 * x_.astype(np.float64), x, np.ones(1), step=2.5 / x[0])
    assert dx == 3


def test_zeros_have_a_gradient_too():
    dx = numerical_gradient(np.exp, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(dx, 1, rtol=1e-9)


def test_each_element_of_x_sees_the_whole_of_y():
    matrix = np.array([[1.0, 2, 3], [4, 5, 6]])
    dy = np.array([10.0, 1])
    dx = numerical_gradient(lambda x_: matrix @ x_, np.array([1.0, 2, 4]), dy)
    np.testing.assert_allclose(dx, dy @ matrix, rtol=1e-9)


def test_x_is_never_written_to():
    x = np.arange(4.0)
    x.flags.writeable = False  # a write would raise
    np.testing.assert_allclose(numerical_gradient(np.exp, x, np.ones(4)), np.exp(x), rtol=1e-9)


def test_a_function_that_keeps_its_arguments_finds_them_unchanged():
    # A layer caches its input; perturbing that array in place would rewrite the cache behind the layer's back.
    kept = []

    def layer(x):
        kept.append((x, x.copy()))
        return x**2

    numerical_gradient(layer, np.arange(1.0, 4), np.ones(3))
    assert len(kept) == 6
    for array, as_it_was in kept:
        np.testing.assert_array_equal(array, as_it_was)


def test_nothing_has_no_gradient():
    assert numerical_gradient(lambda x_: x_, np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
