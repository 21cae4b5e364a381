"""The backward passes are the derivatives of the forward passes: central differences in float64 say so."""

import numpy as np
import pytest

import simdnorm
from simdnorm.reference import numerical_gradient

# A central difference with the step cbrt(eps) keeps two thirds of the digits, 1e-10 of the typical value; a factor of
# 1000 is for the curvature of rows as short as these.
TOLERANCE = 1e-7


def assert_close(actual, numerical):
    np.testing.assert_allclose(actual, numerical.astype(float), rtol=0, atol=TOLERANCE * np.abs(numerical).max())


def _data(shape, *parameter_shape):
    rng = np.random.default_rng(0)
    return rng.normal(2, 3, shape), rng.normal(size=shape), *rng.normal(1, 1, (2, *parameter_shape))


@pytest.mark.parametrize(("shape", "normalized"), [((4, 7), (7,)), ((2, 3, 5), (3, 5)), ((3, 2, 4), (4,))])
def test_layer_norm_backward_is_the_derivative(isa, shape, normalized):
    x, dy, weight, bias = _data(shape, *normalized)
    _, mean, rstd = simdnorm.layer_norm_forward(x, normalized, weight, bias)
    gradients = simdnorm.layer_norm_backward(dy, x, mean, rstd, weight)

    functions = (
        lambda v: simdnorm.layer_norm(v, normalized, weight, bias),
        lambda v: simdnorm.layer_norm(x, normalized, v, bias),
        lambda v: simdnorm.layer_norm(x, normalized, weight, v),
    )
    for gradient, f, at in zip(gradients, functions, (x, weight, bias), strict=True):
        assert gradient.shape == at.shape
        assert_close(gradient, numerical_gradient(f, at, dy))


def test_layer_norm_over_the_channels_of_nchw_is_the_derivative(isa):
    x, dy, weight, bias = _data((2, 5, 2, 3), 5)
    _, mean, rstd = simdnorm.layer_norm_forward(x, None, weight, bias, axis=1)
    assert mean.shape == (2, 1, 2, 3)
    dx, dweight, dbias = simdnorm.layer_norm_backward(dy, x, mean, rstd, weight, axis=1)
    assert_close(dx, numerical_gradient(lambda v: simdnorm.layer_norm(v, None, weight, bias, axis=1), x, dy))
    assert_close(dweight, numerical_gradient(lambda v: simdnorm.layer_norm(x, None, v, bias, axis=1), weight, dy))
    assert_close(dbias, numerical_gradient(lambda v: simdnorm.layer_norm(x, None, weight, v, axis=1), bias, dy))


@pytest.mark.parametrize(
    ("shape", "channel_axis"), [((6, 3), 1), ((3, 3, 4), 1), ((2, 3, 2, 3), 1), ((2, 2, 3, 3), -1)]
)
def test_batch_norm_backward_is_the_derivative(isa, shape, channel_axis):
    x, dy, weight, bias = _data(shape, 3)
    _, mean, rstd = simdnorm.batch_norm_forward(x, weight, bias, channel_axis=channel_axis)
    gradients = simdnorm.batch_norm_backward(dy, x, mean, rstd, weight, channel_axis=channel_axis)

    def train(x, weight, bias):
        return simdnorm.batch_norm(x, None, None, weight, bias, training=True, channel_axis=channel_axis)

    functions = (lambda v: train(v, weight, bias), lambda v: train(x, v, bias), lambda v: train(x, weight, v))
    for gradient, f, at in zip(gradients, functions, (x, weight, bias), strict=True):
        assert_close(gradient, numerical_gradient(f, at, dy))


def test_the_frozen_backward_is_the_derivative_of_evaluation(isa):
    x, dy, weight, bias = _data((4, 3, 2), 3)
    running_mean, running_var = np.array([1.0, -2.0, 0.0]), np.array([0.5, 2.0, 9.0])
    rstd = 1 / np.sqrt(running_var + 1e-5)
    gradients = simdnorm.batch_norm_backward(dy, x, running_mean, rstd, weight, training=False)

    def evaluate(x, weight, bias):
        return simdnorm.batch_norm(x, running_mean, running_var, weight, bias)

    functions = (lambda v: evaluate(v, weight, bias), lambda v: evaluate(x, v, bias), lambda v: evaluate(x, weight, v))
    for gradient, f, at in zip(gradients, functions, (x, weight, bias), strict=True):
        assert_close(gradient, numerical_gradient(f, at, dy))


def _layer(need, **options):
    x, dy, weight, _ = _data((4, 7), 7)
    _, mean, rstd = simdnorm.layer_norm_forward(x, 7)
    return simdnorm.layer_norm_backward(dy, x, mean, rstd, **{"weight": weight, "need": need, **options})


def _batch(need, **options):
    x, dy, weight, _ = _data((4, 7, 2), 7)
    _, mean, rstd = simdnorm.batch_norm_forward(x)
    return simdnorm.batch_norm_backward(dy, x, mean, rstd, **{"weight": weight, "need": need, **options})


@pytest.mark.parametrize("backward", [_layer, _batch])
def test_what_need_leaves_out_is_none_and_the_rest_the_same(isa, backward):
    full = backward((True, True, True))
    for need in np.ndindex(2, 2, 2):
        need = tuple(map(bool, need))
        for wanted, gradient, whole in zip(need, backward(need), full, strict=True):
            if wanted:
                np.testing.assert_array_equal(gradient, whole)
            else:
                assert gradient is None


@pytest.mark.parametrize("backward", [_layer, _batch])
def test_without_a_weight_there_is_no_dweight(isa, backward):
    dx, dweight, dbias = backward((True, True, True), weight=None)
    assert dweight is None and dx is not None
    np.testing.assert_array_equal(dbias, backward((False, False, True))[2])


@pytest.mark.parametrize(
    ("shape", "rstd_shape", "weight_shape", "dbias_shape"),
    [
        ((4, 6), (4, 1), None, (6,)),
        ((2, 3, 4), (2, 1, 1), None, (3, 4)),
        ((2, 3, 4), (2, 3, 1), (4,), (4,)),
        ((2, 5, 3), (2, 1, 3), None, (5,)),  # axis=1, read off rstd
        ((2, 5, 3), (2, 1, 3), (5,), (5,)),
        ((4, 1), (4, 1), None, (1,)),  # size 1 tells nothing: trailing
        ((1, 6), (1, 1), (6,), (6,)),
        ((1, 6), (1, 1), (1, 6), (1, 6)),
        ((2, 3, 1), (2, 1, 1), None, (3, 1)),
    ],
)
def test_backward_reads_the_reduced_axes_off_the_shapes(isa, shape, rstd_shape, weight_shape, dbias_shape):
    x, dy = np.random.default_rng(0).normal(size=(2, *shape))
    weight = None if weight_shape is None else np.ones(weight_shape)
    dbias = simdnorm.layer_norm_backward(dy, x, np.zeros(rstd_shape), np.ones(rstd_shape), weight)[2]
    assert dbias.shape == dbias_shape
