"""Numbers, axes and switches that make no sense are refused by every operation that takes them."""

from itertools import count

import numpy as np
import pytest

import simdnorm
from norms import FLOAT32, SPEC, SPECS, each_row_norm, small_case, specs_of
from refusals import assert_refused

NAN, INF = float("nan"), float("inf")


class Endless:
    """As many axes as anybody asks for."""

    def __iter__(self):
        return count()

    def __str__(self):
        return "endless"


X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)


def each_spec_with(name):
    return pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.takes(name)], ids=lambda spec: spec.name)


@each_spec_with("eps")
@pytest.mark.parametrize(
    ("eps", "error"),
    [(-1e-5, ValueError), (NAN, ValueError), (INF, ValueError), (10**400, ValueError), ("1", TypeError),
     (None, TypeError), (True, TypeError), (1j, TypeError), (X, TypeError)],
    ids=str,
)  # fmt: skip
def test_bad_eps_is_refused(spec, eps, error):
    if eps is None and "rms" in spec.name:
        spec.call(small_case(spec), eps=None)  # the spacing of the dtype
    else:
        assert_refused(spec, error, "eps", eps=eps)


@each_spec_with("momentum")
@pytest.mark.parametrize(
    ("momentum", "error"),
    [(None, ValueError), (NAN, ValueError), (-0.1, ValueError), (1.1, ValueError), (INF, ValueError),
     ("1", TypeError), (True, TypeError)],
)  # fmt: skip
def test_bad_momentum_is_refused(spec, momentum, error):
    assert_refused(spec, error, "momentum", momentum=momentum)


@each_spec_with("normalized_shape")
@pytest.mark.parametrize(
    ("normalized_shape", "error"),
    [((), ValueError), (5, ValueError), (-37, ValueError), ((37, 6), ValueError), ((6,), ValueError),
     ((1, 6, 37), ValueError), ((222,), ValueError), (None, ValueError), (37.0, TypeError), (True, TypeError),
     ((37.0,), TypeError), ("37", TypeError), ((6, None), TypeError), (Endless(), ValueError),
     (np.array(37.0), TypeError), (np.array(36), ValueError)],
    ids=str,
)  # fmt: skip
def test_a_normalized_shape_that_is_not_trailing_is_refused(spec, normalized_shape, error):
    assert_refused(spec, error, "normalized_shape", normalized_shape=normalized_shape)


@each_spec_with("axis")
@pytest.mark.parametrize(
    ("axis", "error"),
    [((), ValueError), (2, ValueError), (-3, ValueError), ((0, 0), ValueError), ((1, -1), ValueError),
     (1.0, TypeError), (True, TypeError), ("1", TypeError), (Endless(), ValueError), (np.array(1.0), TypeError)],
    ids=str,
)  # fmt: skip
def test_a_bad_axis_is_refused(spec, axis, error):
    no_shape = {"normalized_shape": None} if spec.takes("normalized_shape") else {}
    assert_refused(spec, error, "axis", axis=axis, **no_shape)


def test_a_number_of_zero_dimensions_is_a_number():
    y = simdnorm.layer_norm(X, 6)
    np.testing.assert_array_equal(simdnorm.layer_norm(X, np.array(6)), y)
    np.testing.assert_array_equal(simdnorm.layer_norm(X, None, axis=np.array(1)), y)


@pytest.mark.parametrize("name", ["layer_norm", "layer_norm_forward", "rms_norm", "rms_norm_forward"])
def test_axis_and_normalized_shape_together_are_refused(name):
    assert_refused(SPEC[name], ValueError, "normalized_shape or axis", axis=1)


@each_row_norm
def test_statistics_that_fit_no_axes_are_refused(norm):
    (spec,) = (spec for spec in specs_of(norm) if spec.takes("dy"))
    case = small_case(spec)
    assert_refused(spec, ValueError, r"rstd has shape \(6,\), expected \(6, 37\) with 1", rstd=case.rstd[:, 0])


@each_spec_with("channel_axis")
@pytest.mark.parametrize(
    ("channel_axis", "error"),
    [(4, ValueError), (-5, ValueError), (1.0, TypeError), (True, TypeError), (None, TypeError), ("1", TypeError)],
)
def test_a_bad_channel_axis_is_refused(spec, channel_axis, error):
    assert_refused(spec, error, "channel_axis", channel_axis=channel_axis)


@each_spec_with("num_groups")
@pytest.mark.parametrize(
    ("num_groups", "error"),
    [(0, ValueError), (-1, ValueError), (-2, ValueError), (4, ValueError), (7, ValueError), (12, ValueError),
     (2.0, TypeError), (True, TypeError), ("2", TypeError), (None, TypeError), (np.float32(2), TypeError)],
)  # fmt: skip
def test_a_number_of_groups_that_does_not_divide_the_channels_is_refused(spec, num_groups, error):
    if error is ValueError:
        assert_refused(spec, error, "num_groups", "divide the 6 channels", f"got {num_groups}", num_groups=num_groups)
    else:
        assert_refused(spec, error, "num_groups must be an integer", num_groups=num_groups)


@each_spec_with("num_groups")
def test_no_channels_are_divided_by_any_number_of_groups_that_can_have_statistics(spec, isa):
    case = spec.case((3, 6), FLOAT32)
    empty = {name: value[..., :0] for name, value in spec.arguments(case).items() if isinstance(value, np.ndarray)}
    for groups in (1, 7):
        saved = {name: np.ones((3, groups), np.float32) for name in ("mean", "rstd") if spec.takes(name)}
        results = spec.call(case, **{**empty, **saved}, num_groups=groups)
        for name, value in results.items():
            shapes = {"mean": (3, groups), "rstd": (3, groups), "dweight": (0,), "dbias": (0,)}
            assert value.shape == shapes.get(name, (3, 0))
    for groups in (2**56, 2**62, 2**63, 2**70):
        words = f"num_groups is {groups}", "statistics"
        assert_refused(spec, ValueError, *words, case=case, **empty, out=case.x[:, :0].copy(), num_groups=groups)


def test_any_integer_is_a_number_of_groups():
    y = simdnorm.group_norm(X, 2)
    np.testing.assert_array_equal(simdnorm.group_norm(X, np.int64(2)), y)
    np.testing.assert_array_equal(simdnorm.group_norm(X, np.uint8(2)), y)


@each_spec_with("need")
@pytest.mark.parametrize("fault", ["short", "long", "a bool", "a string", "numbers", "a set"])
def test_a_bad_need_is_refused(spec, fault):
    gradients = len(spec.results)
    need, error = {
        "short": ((True,) * (gradients - 1), ValueError),
        "long": ((True,) * (gradients + 1), ValueError),
        "a bool": (True, TypeError),
        "a string": ("yes"[:gradients], TypeError),
        "numbers": ((1, 0, 1)[:gradients], TypeError),
        "a set": ({True, False}, TypeError),
    }[fault]
    assert_refused(spec, error, "need", need=need)


@each_spec_with("need")
def test_a_buffer_for_what_is_not_needed_is_refused(spec):
    need = (False, *[True] * (len(spec.results) - 1))
    out = np.zeros_like(small_case(spec).x)
    assert_refused(spec, ValueError, "out", "need", need=need, out=out)


@pytest.mark.parametrize("switch", [1, "yes", None])
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("training", lambda switch: simdnorm.batch_norm(X, None, None, training=switch)),
        ("training", lambda switch: simdnorm.batch_norm_backward(X, X, X[0], X[0], training=switch)),
        ("unbiased", lambda switch: simdnorm.batch_norm_forward(X, unbiased=switch)),
        ("use_input_stats", lambda switch: simdnorm.instance_norm(X[..., None], use_input_stats=switch)),
    ],
)
def test_a_switch_must_be_a_bool(name, function, switch):
    with pytest.raises(TypeError, match=f"{name} must be True or False"):
        function(switch)


@pytest.mark.parametrize(("dtype", "eps"), [(np.float32, 2.0**-23), (np.float64, 2.0**-52)])
def test_the_default_eps_of_rms_norm_is_the_spacing_of_the_dtype(dtype, eps):
    x = np.full((2, 8), eps, dtype)  # mean(x * x) is small beside eps: the default decides
    np.testing.assert_array_equal(simdnorm.rms_norm(x, 8), simdnorm.rms_norm(x, 8, eps=eps))
    assert not np.array_equal(simdnorm.rms_norm(x, 8), simdnorm.rms_norm(x, 8, eps=2 * eps))
