"""Bad input is refused with an error that names the argument, and nothing has been written."""

import numpy as np
import pytest

import simdnorm
from norms import BATCH_NORM, LAYER_NORM, SPECS, each_spec, small_case, with_out

NAN, INF = float("nan"), float("inf")
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)
each_batch_spec = pytest.mark.parametrize("spec", BATCH_NORM, ids=lambda spec: spec.name)

TAKES_EPS = ("layer_norm", "layer_norm_forward", "batch_norm", "batch_norm_training", "batch_norm_forward")
each_eps_spec = pytest.mark.parametrize("spec", [s for s in SPECS if s.name in TAKES_EPS], ids=lambda spec: spec.name)


def refused(error, *words):
    return pytest.raises(error, match=".*".join(words))


def takes(spec, name):
    return name in spec.arguments(small_case(spec))


NO_ARRAYS = {
    "integer": X.astype(np.int32),
    "bool": X > 0,
    "complex": X.astype(np.complex64),
    "object": X.astype(object),
    "str": X.astype(str),
    "datetime": X.astype(np.int64).view("M8[s]"),
    "longdouble": X.astype(np.longdouble),
    "float16": X.astype(np.float16),
    "swapped": X.astype(X.dtype.newbyteorder()),
    "masked": np.ma.masked_array(X),
    "matrix": X.view(np.matrix),
    "list": X.tolist(),
    "scalar": 1.0,
    "numpy_scalar": np.float32(1),
    "none": None,
}


@pytest.mark.parametrize("kind", NO_ARRAYS)
@each_spec
def test_what_is_no_float_array_is_refused(isa, spec, kind):
    for name in ("x", "dy", "weight", "mean", "rstd", "running_mean", "running_var", "sum_dy"):
        if takes(spec, name) and not (kind == "none" and name in ("weight", "running_mean", "running_var")):
            with refused(TypeError, f"^{name} "):
                spec.call(small_case(spec), **{name: NO_ARRAYS[kind]})


@each_spec
def test_mixed_precision_is_refused(isa, spec):
    case = small_case(spec)
    for name in ("weight", "bias", "mean", "rstd", "running_mean", "running_var"):
        if takes(spec, name):
            wide = getattr(case, name).astype(np.float64)
            if any(part in spec.name for part in ("apply", "sums")) and name in ("mean", "rstd"):
                spec.call(case, **{name: wide})  # the parts take exact statistics
            else:
                with refused(TypeError, name, "float64", "float32"):
                    spec.call(case, **{name: wide})
    if takes(spec, "dy"):
        with refused(ValueError, "dy", "float64", "float32"):
            spec.call(case, dy=case.dy.astype(np.float64))


@each_spec
def test_arrays_of_another_shape_are_refused_with_both_shapes(isa, spec):
    case = small_case(spec)
    for name, value in spec.arguments(case).items():
        if not isinstance(value, np.ndarray) or name == "x":
            continue
        for wrong in (value[..., :-1], np.concatenate([value, value]), value[None], value[..., None]):
            with refused(ValueError, name, str(wrong.shape).replace("(", r"\(").replace(")", r"\)"), "expected"):
                spec.call(case, **{name: wrong})


@each_spec
def test_x_without_enough_dimensions_is_refused(isa, spec):
    case = small_case(spec)
    with pytest.raises(ValueError):
        spec.call(case, x=np.array(1, np.float32), **({"dy": np.array(1, np.float32)} if takes(spec, "dy") else {}))
    if spec in BATCH_NORM:
        flat = case.x.ravel()
        with refused(ValueError, "x has shape", "2 or more dimensions"):
            spec.call(case, x=flat, **({"dy": flat} if takes(spec, "dy") else {}))


@each_eps_spec
@pytest.mark.parametrize(
    ("eps", "error"),
    [(-1e-5, ValueError), (NAN, ValueError), (INF, ValueError), (10**400, ValueError), ("1", TypeError),
     (None, TypeError), (True, TypeError), (1j, TypeError), (X, TypeError)],
    ids=str,
)  # fmt: skip
def test_bad_eps_is_refused(isa, spec, eps, error):
    with refused(error, "eps"):
        spec.call(small_case(spec), eps=eps)


@pytest.mark.parametrize(
    ("momentum", "error"),
    [(None, ValueError), (NAN, ValueError), (-0.1, ValueError), (1.1, ValueError), (INF, ValueError),
     ("1", TypeError), (True, TypeError)],
)  # fmt: skip
def test_bad_momentum_is_refused(isa, momentum, error):
    pair = np.zeros(6, np.float32), np.ones(6, np.float32)
    for call in (
        lambda: simdnorm.batch_norm(X, *pair, momentum=momentum),
        lambda: simdnorm.batch_norm(X, *pair, training=True, momentum=momentum),
        lambda: simdnorm.batch_norm_forward(X, None, None, *pair, momentum),
    ):
        with refused(error, "momentum"):
            call()


@pytest.mark.parametrize(
    ("normalized_shape", "error"),
    [((), ValueError), (5, ValueError), (-6, ValueError), ((6, 4), ValueError), ((4,), ValueError),
     ((1, 4, 6), ValueError), ((24,), ValueError), (None, ValueError), (6.0, TypeError), (True, TypeError),
     ((6.0,), TypeError), ("6", TypeError), ((4, None), TypeError)],
    ids=str,
)  # fmt: skip
def test_a_normalized_shape_that_is_not_trailing_is_refused(isa, normalized_shape, error):
    with refused(error, "normalized_shape"):
        simdnorm.layer_norm(X, normalized_shape)


@pytest.mark.parametrize(
    ("axis", "error"),
    [((), ValueError), (2, ValueError), (-3, ValueError), ((0, 0), ValueError), ((1, -1), ValueError),
     (1.0, TypeError), (True, TypeError), ("1", TypeError)],
    ids=str,
)  # fmt: skip
def test_a_bad_axis_is_refused(isa, axis, error):
    for call in (
        lambda: simdnorm.layer_norm(X, None, axis=axis),
        lambda: simdnorm.layer_norm_backward(X, X, np.zeros((4, 1), "f4"), np.ones((4, 1), "f4"), axis=axis),
    ):
        with refused(error, "axis"):
            call()


def test_axis_and_normalized_shape_together_are_refused(isa):
    with refused(ValueError, "normalized_shape or axis"):
        simdnorm.layer_norm(X, 6, axis=1)


@each_batch_spec
@pytest.mark.parametrize(
    ("channel_axis", "error"),
    [(4, ValueError), (-5, ValueError), (1.0, TypeError), (True, TypeError), (None, TypeError), ("1", TypeError)],
)
def test_a_bad_channel_axis_is_refused(isa, spec, channel_axis, error):
    with refused(error, "channel_axis"):
        spec.call(small_case(spec), channel_axis=channel_axis)


@pytest.mark.parametrize(
    ("need", "error"),
    [
        ((True, True), ValueError),
        ((True,) * 4, ValueError),
        (True, TypeError),
        ("yes", TypeError),
        ((1, 0, 1), TypeError),
    ],
)
def test_a_bad_need_is_refused(isa, need, error):
    for spec in (spec for spec in LAYER_NORM + BATCH_NORM if "dweight" in spec.results):
        with refused(error, "need"):
            spec.call(small_case(spec), need=need)
        with refused(ValueError, "out", "need"):
            spec.call(small_case(spec), need=(False, True, True), out=small_case(spec).x)


@pytest.mark.parametrize("switch", [1, "yes", None])
def test_a_switch_must_be_a_bool(isa, switch):
    with refused(TypeError, "training"):
        simdnorm.batch_norm(X, None, None, training=switch)
    with refused(TypeError, "unbiased"):
        simdnorm.batch_norm_forward(X, unbiased=switch)


def _outs(x):
    """Buffers that do not fit x, by what is wrong with them; each with memory that must stay as it is."""
    read_only = np.zeros_like(x)
    read_only.flags.writeable = False
    wide = np.zeros((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    zeros = np.lib.stride_tricks.as_strided(np.zeros_like(x), x.shape, (0,) * (x.ndim - 1) + (x.itemsize,))
    sliding = np.lib.stride_tricks.as_strided(np.zeros_like(x), x.shape, (x.itemsize,) * x.ndim)
    return {
        "read-only": (read_only, ValueError),
        "shape": (wide, ValueError),
        "dtype": (np.zeros(x.shape, np.float64 if x.dtype == np.float32 else np.float32), ValueError),
        "swapped": (np.zeros(x.shape, x.dtype.newbyteorder()), ValueError),
        "zero strides": (zeros, ValueError),
        "overlapping itself": (sliding, ValueError),
        "a list": (x.tolist(), TypeError),
        "masked": (np.ma.masked_array(np.zeros_like(x)), TypeError),
    }


@pytest.mark.parametrize("fault", _outs(X))
@with_out
def test_an_out_that_does_not_fit_is_refused(isa, spec, fault):
    case = small_case(spec)
    out, error = _outs(case.x)[fault]
    before = np.array(out)
    with refused(error, "out"):
        spec.call(case, out=out)
    np.testing.assert_array_equal(out, before)


COPIED = {("running_mean", "batch_norm_training"), ("running_var", "batch_norm_training")}  # by the spec itself


@with_out
def test_an_out_that_overlaps_an_input_in_part_is_refused(isa, spec):
    case = small_case(spec)
    for name, value in spec.arguments(case).items():
        if getattr(value, "dtype", None) != case.x.dtype or (name, spec.name) in COPIED:
            continue
        room = np.ones(2 * case.x.size + value.size, value.dtype)
        inside = room[case.x.size // 2 :][: value.size].reshape(value.shape)
        inside[...] = value
        before = room.copy()
        with refused(ValueError, "out", "overlap"):
            spec.call(case, **{name: inside, "out": room[: case.x.size].reshape(case.x.shape)})
        np.testing.assert_array_equal(room, before)


@with_out
def test_an_out_that_is_another_view_of_x_is_refused_and_one_between_its_elements_is_not(isa, spec):
    case = small_case(spec)
    backwards = case.x[::-1]
    before = case.x.copy()
    with refused(ValueError, "out", "overlaps"):
        spec.call(case, out=backwards)
    np.testing.assert_array_equal(case.x, before)

    interleaved = np.zeros((*case.x.shape[:-1], 2 * case.x.shape[-1]), case.x.dtype)
    interleaved[..., ::2] = case.x
    results = spec.call(case, x=interleaved[..., ::2], out=interleaved[..., 1::2])
    np.testing.assert_array_equal(results[spec.out], spec.call(case)[spec.out])
    np.testing.assert_array_equal(interleaved[..., ::2], case.x)


@each_spec
def test_an_array_too_large_to_copy_is_a_memory_error_at_once(isa, spec):
    endless = np.broadcast_to(np.float32(0), (2**40, 8))
    case = spec.case((3, 8), np.dtype(np.float32))
    arguments = {"x": endless}
    if takes(spec, "dy"):
        arguments["dy"] = endless
    if spec.name == "layer_norm_backward":
        arguments.update(mean=endless[:, :1], rstd=endless[:, :1])
    if takes(spec, "count"):
        arguments["count"] = np.full(8, 2**40)
    with pytest.raises(MemoryError):
        spec.call(case, **arguments)


def test_an_array_with_another_dtype_object_is_as_good_as_any(isa):
    import pickle

    x = pickle.loads(pickle.dumps(X))
    assert x.dtype is not X.dtype
    weight = X[1].copy()
    np.testing.assert_array_equal(simdnorm.layer_norm(x, 6, weight), simdnorm.layer_norm(X, 6, weight))
    np.testing.assert_array_equal(simdnorm.layer_norm(X, 6, x[1]), simdnorm.layer_norm(X, 6, X[1]))
    np.testing.assert_array_equal(simdnorm.layer_norm(X, 6, out=x), simdnorm.layer_norm(X, 6))
