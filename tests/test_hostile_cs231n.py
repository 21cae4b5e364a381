"""The course's interface refuses what it cannot answer, by name, and the caller's dict is as it was."""

import copy

import numpy as np
import pytest

from simdnorm import cs231n

NAN = float("nan")
X = np.linspace(-1, 1, 2 * 4 * 3 * 5).reshape(2, 4, 3, 5)
IMAGES, MATRIX = (X, np.ones(4), np.zeros(4)), (X.reshape(-1, 4), np.ones(4), np.zeros(4))


def _batchnorm(function, data):
    return lambda param, x=data[0], gamma=data[1], beta=data[2]: function(x, gamma, beta, param)


def _groupnorm(param, x=X, gamma=IMAGES[1], beta=IMAGES[2], G=2):  # the course's name
    return cs231n.spatial_groupnorm_forward(x, gamma, beta, G, param)


RUNNING = {"running_mean": np.full(4, 5.0), "running_var": np.full(4, 6.0)}
FORWARD = {
    "batchnorm": (_batchnorm(cs231n.batchnorm_forward, MATRIX), {"mode": "train", **RUNNING}, "bn_param"),
    "batchnorm_test": (_batchnorm(cs231n.batchnorm_forward, MATRIX), {"mode": "test", **RUNNING}, "bn_param"),
    "spatial_batchnorm": (
        _batchnorm(cs231n.spatial_batchnorm_forward, IMAGES),
        {"mode": "train", **RUNNING},
        "bn_param",
    ),
    "layernorm": (_batchnorm(cs231n.layernorm_forward, MATRIX), {}, "ln_param"),
    "spatial_groupnorm": (_groupnorm, {}, "gn_param"),
}
BACKWARD = {
    "batchnorm": cs231n.batchnorm_backward,
    "batchnorm_test": cs231n.batchnorm_backward_alt,
    "spatial_batchnorm": cs231n.spatial_batchnorm_backward,
    "layernorm": cs231n.layernorm_backward,
    "spatial_groupnorm": cs231n.spatial_groupnorm_backward,
}
each_layer = pytest.mark.parametrize("layer", FORWARD)


def assert_refused(layer, error, words, options=None, **bad):
    forward, param, _ = FORWARD[layer]
    param = {**copy.deepcopy(param), **(options or {})}
    before = dict(param)
    with pytest.raises(error, match=words):
        forward(param, **bad)
    assert param.keys() == before.keys() and all(param[name] is value for name, value in before.items())


NO_NUMBERS = {
    "complex": lambda a: a.astype(complex),
    "object": lambda a: a.astype(object),
    "str": lambda a: a.astype(str),
    "datetime": lambda a: a.astype("i8").view("M8[s]"),
    "masked": np.ma.masked_array,
    "matrix": lambda a: a.reshape(1, -1).view(np.matrix),
    "None": lambda a: None,
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
@each_layer
def test_what_is_no_array_of_real_numbers_is_refused(layer, kind):
    make = NO_NUMBERS[kind]
    for name, value in (("x", X), ("gamma", np.ones(4)), ("beta", np.ones(4))):
        assert_refused(layer, TypeError, f"^{name} ", **{name: make(value)})
    for name in set(FORWARD[layer][1]) - {"mode"}:
        assert_refused(layer, TypeError, rf"^bn_param\['{name}'\] ", {name: make(np.ones(4))})


@each_layer
def test_arrays_of_another_shape_are_refused_with_both_shapes(layer):
    for name in ("gamma", "beta"):
        for wrong in (np.ones(5), np.ones((4, 1)), np.ones((1, 4)), np.ones(())):
            assert_refused(layer, ValueError, rf"^{name} has shape .*, expected .*\(4,\)", **{name: wrong})
        assert_refused(layer, ValueError, f"^{name} is no array", **{name: [1, [2, 3]]})
    for wrong in (X[0], X[..., None], np.ones(())):
        assert_refused(layer, ValueError, "^x has shape .*, expected (two|four) dimensions", x=wrong)
    for name in set(FORWARD[layer][1]) - {"mode"}:
        assert_refused(layer, ValueError, rf"^bn_param\['{name}'\] has shape", {name: np.ones(1)})


@pytest.mark.parametrize(
    ("eps", "error"), [(-1.0, ValueError), (NAN, ValueError), (np.inf, ValueError), ("1", TypeError), (None, TypeError)]
)
@each_layer
def test_bad_eps_is_refused(layer, eps, error):
    assert_refused(layer, error, "^eps ", {"eps": eps})


@pytest.mark.parametrize(
    ("momentum", "error"),
    [(-0.1, ValueError), (1.1, ValueError), (NAN, ValueError), (None, ValueError), ("1", TypeError)],
)
@pytest.mark.parametrize("layer", ["batchnorm", "batchnorm_test", "spatial_batchnorm"])
def test_bad_momentum_and_mode_are_refused(layer, momentum, error):
    assert_refused(layer, error, "^momentum ", {"momentum": momentum})
    for mode in ("eval", None, np.array([]), ["train"]):
        assert_refused(layer, ValueError, r"^bn_param\['mode'\] must be", {"mode": mode})


@each_layer
def test_what_is_no_dict_and_what_is_no_cache_are_refused(layer):
    forward, param, name = FORWARD[layer]
    for wrong in (None, [], 1e-5):
        with pytest.raises(TypeError, match=f"^{name} must be a dict"):
            forward(wrong)
        with pytest.raises(TypeError, match=r"^cache must be that of a forward pass"):
            BACKWARD[layer](X, wrong)
    _, cache = forward(copy.deepcopy(param))
    for wrong, error in ((X[:1], ValueError), (X.astype(complex), TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"^dout "):
            BACKWARD[layer](wrong if layer[:2] == "sp" or wrong is None else wrong.reshape(-1, 4), cache)


@pytest.mark.parametrize(("groups", "error"), [(0, ValueError), (3, ValueError), (2.0, TypeError), (True, TypeError)])
@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_groups_that_do_not_divide_the_channels_are_refused(groups, error, dtype):
    assert_refused("spatial_groupnorm", error, "^G must be", x=X.astype(dtype), G=groups)


@pytest.mark.parametrize("layer", ["batchnorm", "spatial_batchnorm"])
def test_a_batch_of_one_value_is_refused(layer):
    one = X[:1, :, :1, :1]
    one = one.reshape(1, 4) if layer == "batchnorm" else one
    assert_refused(layer, ValueError, "^x has shape .* 2 or more values", x=one)
