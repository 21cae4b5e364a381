"""The course interface keeps the course's conventions, and is free of the mistakes that circulate in its name."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import simdnorm
from simdnorm import cs231n
from simdnorm.reference import numerical_gradient

TOLERANCE = 1e-7  # as in test_gradients


@dataclass(frozen=True)
class Layer:
    forward: Callable
    backward: Callable
    shape: tuple[int, ...]  # of x
    other: tuple[int, ...]  # as many rows as columns would hide a mean over the wrong axis
    course: bool = False  # gamma and beta are (1, C, 1, 1)

    def data(self, shape=None, dtype=np.float64):
        shape = shape or self.shape
        rng = np.random.default_rng(0)
        x, dout = rng.normal(3, 2, shape), rng.normal(size=shape)
        gamma, beta = rng.normal(1, 1, (2, shape[1]))
        if self.course:
            gamma, beta = (a.reshape(1, -1, 1, 1) for a in (gamma, beta))
        return tuple(a.astype(dtype) for a in (x, gamma, beta, dout))


def _data(n=5, d=4, dtype=np.float64):
    return LAYERS["batchnorm"].data((n, d), dtype)


def _batchnorm(x, gamma, beta):
    return cs231n.batchnorm_forward(x, gamma, beta, {"mode": "train"})


def _layernorm(x, gamma, beta):
    return cs231n.layernorm_forward(x, gamma, beta, {})


def _frozen(channels):
    return {"mode": "test", "running_mean": np.full(channels, 1.5), "running_var": np.full(channels, 2.5)}


def _batchnorm_test(x, gamma, beta):
    return cs231n.batchnorm_forward(x, gamma, beta, _frozen(x.shape[1]))


def _spatial_batchnorm(x, gamma, beta):
    return cs231n.spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})


def _spatial_batchnorm_test(x, gamma, beta):
    return cs231n.spatial_batchnorm_forward(x, gamma, beta, _frozen(x.shape[1]))


def _spatial_groupnorm(x, gamma, beta):
    return cs231n.spatial_groupnorm_forward(x, gamma, beta, 2, {})


MATRIX, IMAGES = ((5, 4), (3, 8)), ((2, 4, 3, 5), (3, 6, 2, 2))
LAYERS = {
    "batchnorm": Layer(_batchnorm, cs231n.batchnorm_backward, *MATRIX),
    "batchnorm_alt": Layer(_batchnorm, cs231n.batchnorm_backward_alt, *MATRIX),
    "batchnorm_test": Layer(_batchnorm_test, cs231n.batchnorm_backward, *MATRIX),
    "layernorm": Layer(_layernorm, cs231n.layernorm_backward, *MATRIX),
    "spatial_batchnorm": Layer(_spatial_batchnorm, cs231n.spatial_batchnorm_backward, *IMAGES),
    "spatial_batchnorm_test": Layer(_spatial_batchnorm_test, cs231n.spatial_batchnorm_backward, *IMAGES),
    "spatial_groupnorm": Layer(_spatial_groupnorm, cs231n.spatial_groupnorm_backward, *IMAGES),
    "spatial_groupnorm_course": Layer(_spatial_groupnorm, cs231n.spatial_groupnorm_backward, *IMAGES, course=True),
}
each_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)


@each_layer
@pytest.mark.parametrize("which", ["shape", "other"])
def test_gradients_are_the_derivatives(isa, layer, which):
    x, gamma, beta, dout = layer.data(getattr(layer, which))
    forward = layer.forward
    gradients = layer.backward(dout, forward(x, gamma, beta)[1])
    functions = (
        lambda v: forward(v, gamma, beta)[0],
        lambda v: forward(x, v, beta)[0],
        lambda v: forward(x, gamma, v)[0],
    )
    for gradient, f, at in zip(gradients, functions, (x, gamma, beta), strict=True):
        numerical = numerical_gradient(f, at, dout).astype(float)
        np.testing.assert_allclose(gradient, numerical, rtol=0, atol=TOLERANCE * np.abs(numerical).max())


def test_layernorm_backward_divides_by_the_row_length_not_by_the_number_of_rows(isa):
    # With one row of many columns the mistake is as large as it can be.
    x, gamma, beta, dout = _data(1, 8)
    dx, _, _ = cs231n.layernorm_backward(dout, _layernorm(x, gamma, beta)[1])
    expected = numerical_gradient(lambda v: _layernorm(v, gamma, beta)[0], x, dout).astype(float)
    np.testing.assert_allclose(dx, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


def test_layernorm_backward_keeps_gamma_inside_its_sums(isa):
    # Were gamma applied to the finished sums, dx of a row would not sum to 0 unless all gammas are equal.
    x, _, beta, dout = _data(3, 6)
    gamma = np.array([1.0, -2.0, 5.0, 0.0, 3.0, 10.0])
    dx, _, _ = cs231n.layernorm_backward(dout, _layernorm(x, gamma, beta)[1])
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-12)  # some ten roundings of values of about 10
    expected = numerical_gradient(lambda v: _layernorm(v, gamma, beta)[0], x, dout).astype(float)
    np.testing.assert_allclose(dx, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


@each_layer
def test_no_argument_is_written_to_through_a_transposed_view(isa, layer):
    x, gamma, beta, dout = layer.data()
    before = copy.deepcopy((x, gamma, beta, dout))
    x_t = x.T.copy().T  # the layout in which `x = x.T; x -= mean` writes to the caller's array
    out, cache = layer.forward(x_t, gamma, beta)
    dx, dgamma, dbeta = layer.backward(dout, cache)
    for array, was in zip((x_t, gamma, beta, dout), before, strict=True):
        np.testing.assert_array_equal(array, was)
    inputs = (x_t, gamma, beta, dout)
    assert not any(np.shares_memory(a, b) for a in (out, dx, dgamma, dbeta) for b in inputs)


def test_test_mode_has_eps_under_the_root(isa):
    x, gamma, beta, _ = _data()
    mean, var = np.full(4, 2.0), np.array([0.0, 1e-5, 1e-3, 1.0])
    param = {"mode": "test", "eps": 1e-2, "running_mean": mean, "running_var": var}
    out, _ = cs231n.batchnorm_forward(x, gamma, beta, param)
    expected = gamma * (x - mean) / np.sqrt(var + 1e-2) + beta
    np.testing.assert_allclose(out, expected, rtol=1e-13)  # some ten roundings
    assert not np.allclose(out, gamma * (x - mean) / (np.sqrt(var) + 1e-2) + beta, rtol=1e-2)


@each_layer
def test_gradients_have_the_shapes_of_what_they_belong_to(isa, layer):
    x, gamma, beta, dout = layer.data()
    gradients = layer.backward(dout, layer.forward(x, gamma, beta)[1])
    assert [gradient.shape for gradient in gradients] == [x.shape, gamma.shape, beta.shape]
    assert all(type(gradient) is np.ndarray for gradient in gradients)


@each_layer
def test_layers_do_not_know_of_each_other(isa, layer):
    x, gamma, beta, dout = layer.data()
    out, cache = layer.forward(x, gamma, beta)
    alone = layer.backward(dout, cache)
    *others, other_dout = layer.data(layer.other)
    layer.backward(other_dout, layer.forward(*others)[1])
    layer.forward(x * 0 + 1, gamma, beta)
    for gradient, expected in zip(layer.backward(dout, cache), alone, strict=True):
        np.testing.assert_array_equal(gradient, expected)
    np.testing.assert_array_equal(layer.forward(x, gamma, beta)[0], out)


@each_layer
def test_a_gradient_check_that_moves_x_in_place_meets_no_cached_result(isa, layer):
    x, gamma, beta, dout = layer.data()
    _, cache = layer.forward(x, gamma, beta)
    analytic = layer.backward(dout, cache)
    numerical = np.zeros_like(x)
    h = 1e-5  # about the cube root of float64's unit
    for i in np.ndindex(x.shape):
        was = x[i]
        x[i] = was + h
        above = layer.forward(x, gamma, beta)[0].copy()
        x[i] = was - h
        below = layer.forward(x, gamma, beta)[0].copy()
        x[i] = was
        numerical[i] = np.sum((above - below) * dout) / (2 * h)
    np.testing.assert_allclose(analytic[0], numerical, rtol=0, atol=TOLERANCE * np.abs(numerical).max())

    x[...] = 0
    gamma[...] = 0
    for gradient, expected in zip(layer.backward(dout, cache), analytic, strict=True):
        np.testing.assert_array_equal(gradient, expected)


def test_running_statistics_follow_the_course(isa):
    x, gamma, beta, _ = _data()
    param = {"mode": "train"}
    cs231n.batchnorm_forward(x, gamma, beta, param)
    np.testing.assert_allclose(param["running_mean"], 0.1 * x.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(param["running_var"], 0.1 * x.var(axis=0), rtol=1e-14)  # the biased one
    first = param["running_mean"], param["running_var"]
    kept = copy.deepcopy(first)

    param["momentum"] = 0.75
    cs231n.batchnorm_forward(x + 1, gamma, beta, param)
    np.testing.assert_allclose(param["running_mean"], 0.75 * kept[0] + 0.25 * (x + 1).mean(axis=0), rtol=1e-14)
    for array, was in zip(first, kept, strict=True):
        np.testing.assert_array_equal(array, was, err_msg="the arrays that the dict held were written to")

    before = dict(param)
    param["mode"] = "test"
    cs231n.batchnorm_forward(x, gamma, beta, param)
    assert param["running_mean"] is before["running_mean"] and param["running_var"] is before["running_var"]


def test_test_mode_before_any_training_uses_zeros(isa):
    x, gamma, beta, _ = _data()
    out, _ = cs231n.batchnorm_forward(x, gamma, beta, {"mode": "test"})
    np.testing.assert_allclose(out, gamma * x / np.sqrt(1e-5) + beta, rtol=1e-13)


@pytest.mark.parametrize("mode", [None, "eval", 1])
def test_an_unknown_mode_is_refused(isa, mode):
    with pytest.raises(ValueError, match="'train' or 'test'"):
        cs231n.batchnorm_forward(*_data()[:3], {"mode": mode})


F2, F4, F8, FL = np.float16, np.float32, np.float64, np.longdouble


@each_layer
@pytest.mark.parametrize(
    ("x_dtype", "parameter_dtype", "dout_dtype"),
    [(F4, F4, F4), (F8, F8, F8), (F2, F2, F2), (FL, FL, FL), (F4, F8, F4), (F4, F4, F8), (F2, F4, F2), (FL, F4, F4),
     (F4, F4, FL), (np.int64, F4, F4), (np.uint8, np.int32, F4)],
)  # fmt: skip
def test_dtypes_mix_as_numpy_mixes_them(isa, layer, x_dtype, parameter_dtype, dout_dtype):
    forward, backward = layer.forward, layer.backward
    x, gamma, beta, dout = layer.data()
    x, dout = np.abs(x * 3).astype(x_dtype), dout.astype(dout_dtype)
    gamma, beta = (np.round(4 * p).astype(parameter_dtype) for p in (gamma, beta))
    running = (
        F8 if forward in (_batchnorm_test, _spatial_batchnorm_test) else np.float16
    )  # what the running statistics of these tests are
    result = np.result_type((x / x.dtype.type(1)).dtype if x.dtype.kind == "f" else F8, gamma, running)
    gradient = np.result_type(result, dout)

    out, cache = forward(x, gamma, beta)
    gradients = backward(dout, cache)
    assert out.dtype == result
    assert cache.x.dtype == np.promote_types(result, F4)  # float16 is computed in float32
    assert [g.dtype for g in gradients] == [gradient] * 3

    exact_out, exact_cache = forward(*(a.astype(FL) for a in (x, gamma, beta)))
    exact = backward(dout.astype(FL), exact_cache)
    # Values of at most some hundred, roundings of at most some ten; narrower forward statistics do not reach a wider
    # backward, so each is as exact as its own type.
    np.testing.assert_allclose(
        out.astype(FL), exact_out, rtol=0, atol=16 * np.finfo(result).eps * np.abs(exact_out).max()
    )
    for actual, expected in zip(gradients, exact, strict=True):
        unit = max(np.finfo(gradient).eps, np.finfo(F8).eps if running == F8 else 0)
        np.testing.assert_allclose(actual.astype(FL), expected, rtol=0, atol=32 * unit * np.abs(expected).max())


def test_running_statistics_keep_the_wider_type(isa):
    x, gamma, beta, _ = _data(dtype=np.float32)
    param = {"mode": "train", "running_mean": np.zeros(4), "running_var": np.zeros(4)}
    out, _ = cs231n.batchnorm_forward(x, gamma, beta, param)
    assert out.dtype == np.float32
    assert param["running_mean"].dtype == param["running_var"].dtype == np.float64


def test_what_is_no_matrix_of_numbers_is_refused(isa):
    x, gamma, beta, dout = _data()
    with pytest.raises(ValueError, match=r"x has shape \(4,\)"):
        _layernorm(x[0], gamma, beta)
    with pytest.raises(TypeError, match="complex128"):
        _layernorm(x + 0j, gamma, beta)
    with pytest.raises(ValueError, match=r"gamma has shape \(3,\), expected \(4,\)"):
        _batchnorm(x, gamma[:3], beta)
    with pytest.raises(ValueError, match=r"dout has shape \(4, 4\), expected \(5, 4\)"):
        cs231n.layernorm_backward(dout[1:], _layernorm(x, gamma, beta)[1])


def test_spatial_batchnorm_is_batchnorm_of_all_positions(isa):
    x, gamma, beta, dout = LAYERS["spatial_batchnorm"].data()
    channels = x.shape[1]

    def matrix(a):
        return np.moveaxis(a, 1, -1).reshape(-1, channels)

    flat, spatial = {"mode": "train"}, {"mode": "train"}
    expected, flat_cache = cs231n.batchnorm_forward(matrix(x), gamma, beta, flat)
    out, cache = cs231n.spatial_batchnorm_forward(x, gamma, beta, spatial)
    np.testing.assert_allclose(matrix(out), expected, rtol=1e-12)  # some ten roundings, of values not near 0
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(spatial[name], flat[name], rtol=1e-14)
    dx, dgamma, dbeta = cs231n.spatial_batchnorm_backward(dout, cache)
    of_matrix = cs231n.batchnorm_backward(matrix(dout), flat_cache)
    for gradient, value in zip((matrix(dx), dgamma, dbeta), of_matrix, strict=True):
        np.testing.assert_allclose(gradient, value, rtol=0, atol=1e-13)  # sums of some thirty values of about 1


def test_spatial_groupnorm_is_group_norm(isa):
    x, gamma, beta, dout = LAYERS["spatial_groupnorm_course"].data()
    out, cache = cs231n.spatial_groupnorm_forward(x, gamma, beta, 2, {"eps": 1e-3})
    y, mean, rstd = simdnorm.group_norm_forward(x, 2, gamma.ravel(), beta.ravel(), 1e-3)
    np.testing.assert_array_equal(out, y)
    gradients = cs231n.spatial_groupnorm_backward(dout, cache)
    expected = simdnorm.group_norm_backward(dout, x, mean, rstd, 2, gamma.ravel())
    for gradient, value in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(gradient.ravel(), value.ravel())


def test_what_are_no_images_or_no_groups_is_refused(isa):
    x, gamma, beta, dout = LAYERS["spatial_groupnorm_course"].data()
    for forward in (_spatial_groupnorm, _spatial_batchnorm):
        with pytest.raises(ValueError, match=r"x has shape \(4, 3, 5\), expected four dimensions \(N, C, H, W\)"):
            forward(x[0], gamma, beta)
    with pytest.raises(ValueError, match=r"gamma has shape \(4, 1, 1\), expected \(1, 4, 1, 1\) or \(4,\)"):
        _spatial_groupnorm(x, gamma[0], beta)
    with pytest.raises(ValueError, match=r"beta has shape \(1, 4, 1, 1\), expected \(4,\)"):
        _spatial_batchnorm(x, gamma.ravel(), beta)
    with pytest.raises(ValueError, match="G must be 1 or more and divide the 4 channels of x, got 3"):
        cs231n.spatial_groupnorm_forward(x, gamma, beta, 3, {})
    with pytest.raises(ValueError, match=r"dout has shape \(1, 4, 3, 5\), expected \(2, 4, 3, 5\)"):
        cs231n.spatial_groupnorm_backward(dout[1:], _spatial_groupnorm(x, gamma, beta)[1])
