"""Arrays of the wrong kind, dtype or shape are refused by every operation that takes them."""

import numpy as np
import pytest

import simdnorm
from layouts import FULL_SIZED
from norms import DTYPES, FLOAT32, FLOAT64, SPECS, each_dtype, each_spec, small_case
from refusals import assert_refused, quoted

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)
PARAMETERS = ("weight", "bias", "running_mean", "running_var")
STATISTICS = ("mean", "rstd")
SUMS = ("sum_dy", "sum_dy_xhat")
LEADS = ("x", "summed")  # the one that the others are compared with

NO_ARRAYS = {
    "integer": X.astype(np.int32),
    "uint16": X.view(np.uint16),
    "void": X.view("V2"),
    "bool": X > 0,
    "complex": X.astype(np.complex64),
    "object": X.astype(object),
    "str": X.astype(str),
    "datetime": X.astype(np.int64).view("M8[s]"),
    "longdouble": X.astype(np.longdouble),
    "swapped": X.astype(X.dtype.newbyteorder()),
    "swapped_bfloat16": X.astype(DTYPES[-1]).view(DTYPES[-1].newbyteorder()),
    "masked": np.ma.masked_array(X),
    "matrix": X.view(np.matrix),
    "list": X.tolist(),
    "scalar": 1.0,
    "numpy_scalar": np.float32(1),
    "none": None,
}


def arrays_of(spec, case, names):
    """Those of an operation's arguments of these names that it was given."""
    return {name: value for name, value in spec.arguments(case).items() if name in names and value is not None}


def allowed(spec, name, dtype):
    """The dtypes that an argument may have beside x of `dtype`."""
    statistics = FLOAT64 if dtype == FLOAT64 else FLOAT32
    if name in PARAMETERS:
        return {dtype, FLOAT32} if dtype.itemsize == 2 else {dtype}
    return {statistics, FLOAT64} if spec.in_parts else {statistics}


@pytest.mark.parametrize("kind", NO_ARRAYS)
@each_spec
def test_what_is_no_float_array_is_refused(spec, kind):
    for name in arrays_of(spec, small_case(spec), (*FULL_SIZED, *PARAMETERS, *STATISTICS, *SUMS)):
        if kind != "none":
            assert_refused(spec, TypeError, f"^{name} ", **{name: NO_ARRAYS[kind]})
        elif name in ("x", "dy", "residual", "summed", "mean", "rstd", *SUMS):
            assert_refused(spec, TypeError, f"^{name} must be a NumPy array", **{name: None})


@each_dtype
@each_spec
def test_mixed_precision_is_refused_but_for_float32_beside_16_bits(spec, dtype):
    case = small_case(spec, dtype)
    for name, value in arrays_of(spec, case, (*PARAMETERS, *STATISTICS, *SUMS)).items():
        pair = ("running_mean", "running_var") if name.startswith("running") else (name,)
        for other in DTYPES:
            changed = {n: arrays_of(spec, case, pair)[n].astype(other) for n in pair}
            if other in allowed(spec, name, dtype):
                spec.call(case, **changed)
            else:
                words = pair[0], str(other), "expected", str(value.dtype)
                assert_refused(spec, TypeError, *words, case=case, **changed)
            if len(pair) == 2 and other != value.dtype:
                assert_refused(spec, TypeError, "running_", case=case, **{name: changed[name]})
    lead, *others = sorted(arrays_of(spec, case, FULL_SIZED), key=LEADS.__contains__, reverse=True)
    for name in others:
        for other in set(DTYPES) - {dtype}:
            changed = {name: getattr(case, name).astype(other)}
            words = name, str(other), "expected", str(dtype), f"the dtype of {lead}"
            assert_refused(spec, ValueError, *words, case=case, **changed)


@each_spec
def test_arrays_of_another_shape_are_refused_with_both_shapes(spec):
    case = small_case(spec)
    for name, value in spec.arguments(case).items():
        if not isinstance(value, np.ndarray) or name in LEADS:
            continue
        for wrong in (value[..., :-1], np.concatenate([value, value]), value[None], value[..., None]):
            # The reduced axes of a backward pass are read off rstd: one of other rank is told what it could have been.
            expected = f"({quoted(value.shape)}|{quoted(case.x.shape)} with 1)"
            words = name, quoted(wrong.shape), "expected", expected
            assert_refused(spec, ValueError, *words, **{name: wrong})


@each_spec
def test_x_without_enough_dimensions_is_refused(spec):
    case = small_case(spec)
    full = arrays_of(spec, case, FULL_SIZED)
    point = np.array(1, np.float32)
    assert_refused(spec, ValueError, "shape", **dict.fromkeys(full, point), **({"out": point} if spec.out else {}))
    if spec.norm.has_channels:
        flat = {name: value.ravel() for name, value in full.items()}
        assert_refused(spec, ValueError, "x has shape", "2 or more dimensions", **flat)


@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("count")], ids=lambda spec: spec.name)
@pytest.mark.parametrize("mask", [None, "scattered", np.arange(7) < 5], ids=["none", "scattered", "of one axis"])
def test_a_count_that_is_none_is_refused(spec, mask):
    case = small_case(spec, mask=mask)
    for wrong, error in (
        (case.count - 1, ValueError),
        (case.count + 0.5, ValueError),
        (case.count * np.nan, ValueError),
        (case.count * 1e30, ValueError),
        (case.count.tolist(), TypeError),
        (case.count > 0, TypeError),
    ):
        assert_refused(spec, error, "count", case=case, count=wrong)


@pytest.mark.parametrize("kind", NO_ARRAYS)
@pytest.mark.parametrize("part", ["count", "mean", "m2"])
def test_shares_of_what_is_no_array_of_numbers_are_refused(part, kind):
    good = simdnorm.batch_norm_stats(X)
    bad = tuple(NO_ARRAYS[kind] if name == part else a for name, a in zip(("count", "mean", "m2"), good, strict=True))
    # Whole numbers of any type are counts; of another shape, though, or none, they are no such array.
    for i, shares in enumerate([(bad, good), (good, bad)]):
        with pytest.raises(TypeError if part != "count" else (TypeError, ValueError), match=f"^{part} of share {i} "):
            simdnorm.merge_stats(*shares)


@each_spec
def test_an_array_too_large_to_copy_is_a_memory_error_at_once(spec):
    case = spec.case((3, 8, 2) if spec.norm.has_channels else (3, 8), FLOAT32)
    if not spec.norm.has_channels:
        full = arrays_of(spec, case, FULL_SIZED)
        arguments = {name: np.broadcast_to(value[:, :1], (3, 2**40)) for name, value in full.items()}
        arguments |= {name: None for name in ("weight", "bias") if spec.takes(name)}
        with pytest.raises(MemoryError):
            spec.call(case, **arguments, **({"normalized_shape": 2**40} if spec.takes("normalized_shape") else {}))
    arguments = {}
    for name, value in arrays_of(spec, case, (*FULL_SIZED, *STATISTICS)).items():
        per_channel = spec.norm.name == "batch_norm" and name in STATISTICS
        arguments[name] = value if per_channel else np.broadcast_to(value[:1], (2**40, *value.shape[1:]))
    if spec.takes("count"):
        arguments["count"] = np.full(8, 2**41)
    with pytest.raises(MemoryError):
        spec.call(case, **arguments)


def test_an_array_with_another_dtype_object_is_as_good_as_any():
    import pickle

    x = pickle.loads(pickle.dumps(X))
    assert x.dtype is not X.dtype
    weight = X[1].copy()
    np.testing.assert_array_equal(simdnorm.layer_norm(x, 6, weight), simdnorm.layer_norm(X, 6, weight))
    np.testing.assert_array_equal(simdnorm.layer_norm(X, 6, x[1]), simdnorm.layer_norm(X, 6, X[1]))
    np.testing.assert_array_equal(simdnorm.layer_norm(X, 6, out=x), simdnorm.layer_norm(X, 6))
