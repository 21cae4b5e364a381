"""The fallback: every function of the backends is the reference's, rounded once into the arrays it was given."""

import inspect
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest

from simdnorm import _fallback, reference
from simdnorm._fallback.bits import encoded

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
ELEMENTS = [np.dtype(dtype) for dtype in (np.float32, np.float64, np.float16)] + [BFLOAT16]
each_dtype = pytest.mark.parametrize("dtype", ELEMENTS, ids=str)

ROWS, CHANNELS = (2, 3, 2, 5, 4), (3, 5, 4, 2)
KEPT, SHARED = (2, 1, 2, 1, 4), (3, 5)
OVER = {"axis": (1, 3)}


def _over(g):
    return {"channel_axis": 2, "mask": g.mask}


# Of every function the reference's results, and where the fallback writes them.
OPERATIONS = {
    "layer_norm_forward": (lambda g: reference.layer_norm_forward(g.x, g.weight, g.bias, g.eps, **OVER), "y mean rstd"),
    "layer_norm_backward": (
        lambda g: reference.layer_norm_backward(g.dy, g.x, g.mean, g.rstd, g.weight, **OVER),
        "dx dweight dbias",
    ),
    "rms_norm_forward": (lambda g: reference.rms_norm_forward(g.x, g.weight, g.eps, **OVER), "y rstd"),
    "rms_norm_backward": (lambda g: reference.rms_norm_backward(g.dy, g.x, g.rstd, g.weight, **OVER), "dx dweight"),
    "add_layer_norm_forward": (
        lambda g: reference.add_layer_norm_forward(g.x, g.residual, g.weight, g.bias, g.eps, **OVER),
        "y summed mean rstd",
    ),
    "add_layer_norm_backward": (
        lambda g: reference.add_layer_norm_backward(
            g.dy, g.summed, g.mean, g.rstd, g.weight, dsummed=g.dsummed, **OVER
        ),
        "dx dweight dbias",
    ),
    "add_rms_norm_forward": (
        lambda g: reference.add_rms_norm_forward(g.x, g.residual, g.weight, g.eps, **OVER),
        "y summed rstd",
    ),
    "add_rms_norm_backward": (
        lambda g: reference.add_rms_norm_backward(g.dy, g.summed, g.rstd, g.weight, dsummed=g.dsummed, **OVER),
        "dx dweight",
    ),
    "group_norm_forward": (
        lambda g: reference.group_norm_forward(g.x, g.groups, g.weight, g.bias, g.eps, **_over(g)),
        "y mean rstd",
    ),
    "group_norm_backward": (
        lambda g: reference.group_norm_backward(g.dy, g.x, g.mean, g.rstd, g.groups, g.weight, **_over(g)),
        "dx dweight dbias",
    ),
    "instance_norm_forward": (
        lambda g: reference.instance_norm_forward(g.x, g.weight, g.bias, g.eps, **_over(g)),
        "y mean rstd",
    ),
    "instance_norm_backward": (
        lambda g: reference.instance_norm_backward(g.dy, g.x, g.mean, g.rstd, g.weight, **_over(g)),
        "dx dweight dbias",
    ),
    "batch_norm_forward": (
        lambda g: reference.batch_norm_forward(g.x, g.weight, g.bias, g.eps, **_over(g)),
        "y mean rstd",
    ),
    "batch_norm_inference": (
        lambda g: [
            reference.batch_norm_inference(g.x, g.running_mean, g.running_var, g.weight, g.bias, g.eps, **_over(g))
        ],
        "y",
    ),
    "batch_norm_backward": (
        lambda g: reference.batch_norm_backward(g.dy, g.x, g.mean, g.rstd, g.weight, training=g.training, **_over(g)),
        "dx dweight dbias",
    ),
    "batch_norm_statistics": (lambda g: reference.batch_norm_statistics(g.x, **_over(g)), "count mean m2"),
    "batch_norm_apply": (
        lambda g: [reference.batch_norm_apply(g.x, g.mean, g.rstd, g.weight, g.bias, channel_axis=2)],
        "y",
    ),
    "batch_norm_backward_sums": (
        lambda g: reference.batch_norm_backward_sums(g.dy, g.x, g.mean, g.rstd, **_over(g)),
        "sum_dy sum_dy_xhat",
    ),
    "batch_norm_backward_apply": (
        lambda g: [
            reference.batch_norm_backward_apply(
                g.dy, g.x, g.mean, g.rstd, g.weight, g.sum_dy, g.sum_dy_xhat, g.count, **_over(g)
            )
        ],
        "dx",
    ),
}
PARTS = ("batch_norm_statistics", "batch_norm_apply", "batch_norm_backward_sums", "batch_norm_backward_apply")


def test_every_operation_of_the_fallback_is_tested_here():
    operations = {name for name in _fallback.__all__ if "_norm_" in name}
    assert operations == set(OPERATIONS)


def _given(name, dtype, parameter):
    """Return arguments, as a caller has them, for the function of the fallback."""
    rng = np.random.default_rng(0)
    rows = "layer" in name or "rms" in name
    layout = ROWS if rows else CHANNELS
    statistics = KEPT if rows else (4,) if "batch" in name else (3, 4 if "instance" in name else 2)
    statistic = np.dtype(np.float64 if dtype == np.float64 or name in PARTS else np.float32)
    g = SimpleNamespace(layout=layout, eps=1e-3, groups=2, training=True, unbiased=True, momentum=0.25)
    g.mask = rng.random((*layout[:2], 1, layout[3])) < 0.75
    g.x, g.dy, g.residual, g.summed, g.dsummed = (rng.normal(size=layout).astype(dtype) for _ in range(5))
    g.weight, g.bias = (rng.normal(size=SHARED if rows else 4).astype(parameter) for _ in range(2))
    g.mean, g.rstd = rng.normal(size=statistics).astype(statistic), rng.random(statistics).astype(statistic)
    g.running_mean, g.running_var = rng.normal(size=4).astype(statistic), rng.random(4).astype(statistic)
    g.sum_dy, g.sum_dy_xhat, g.count = *rng.normal(size=(2, 4)), np.array([11, 12, 13, 14])
    return g


def _wanted(name, g, results, outputs):
    """Return the outputs that the fallback is to write, in their dtypes, and of no special shape."""
    statistic = g.mean.dtype
    kinds = {
        **dict.fromkeys(("y", "summed", "dx"), g.x.dtype),
        **dict.fromkeys(("dweight", "dbias"), g.weight.dtype),
        **dict.fromkeys(("mean", "rstd", "m2", "sum_dy", "sum_dy_xhat"), statistic),
        "count": np.dtype(np.int64),
    }
    return {output: np.zeros(result.size, kinds[output]) for output, result in zip(outputs, results, strict=True)}


def _bits(value):
    return value.view(np.uint16) if isinstance(value, np.ndarray) and value.dtype == BFLOAT16 else value


def _call(name, g, wanted):
    function = getattr(_fallback, name)
    given = {**vars(g), **wanted}
    function(**{argument: _bits(given[argument]) for argument in inspect.signature(function).parameters})


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("dtype", "parameter"),
    [*zip(ELEMENTS, ELEMENTS, strict=True), (ELEMENTS[2], np.dtype(np.float32)), (BFLOAT16, np.dtype(np.float32))],
    ids=str,
)
def test_results_are_the_references_rounded_once(name, dtype, parameter):
    _assert_rounded_once(name, _given(name, dtype, parameter))


@each_dtype
def test_so_are_those_of_the_frozen_backward(dtype):
    g = _given("batch_norm_backward", dtype, dtype)
    g.training = False
    _assert_rounded_once("batch_norm_backward", g)


def _assert_rounded_once(name, g):
    expected, outputs = OPERATIONS[name]
    results = expected(g)
    wanted = _wanted(name, g, results, outputs.split())
    _call(name, g, wanted)
    for (output, written), result in zip(wanted.items(), results, strict=True):
        once = encoded(result) if written.dtype == BFLOAT16 else result.astype(written.dtype)
        np.testing.assert_array_equal(_bits(written), once.ravel(), strict=True, err_msg=output)


OPTIONAL = [
    (name, output)
    for name, (_, outputs) in OPERATIONS.items()
    for output in outputs.split()
    if name not in PARTS and output not in ("y", "summed")
]


@pytest.mark.parametrize(("name", "missing"), OPTIONAL)
def test_an_output_that_is_none_is_not_wanted(name, missing):
    expected, outputs = OPERATIONS[name]
    all_given, given = (_given(name, np.dtype(np.float32), np.dtype(np.float32)) for _ in range(2))
    complete, partial = (_wanted(name, g, expected(g), outputs.split()) for g in (all_given, given))
    _call(name, all_given, complete)
    _call(name, given, {**partial, missing: None})
    for output, written in partial.items():
        np.testing.assert_array_equal(written, 0 if output == missing else complete[output])


IN_PLACE = [
    (name, output, argument)
    for name, (_, outputs) in OPERATIONS.items()
    for output, argument in (("y", "x"), ("y", "residual"), ("dx", "dy"))
    if output in outputs.split() and argument in inspect.signature(getattr(_fallback, name)).parameters
]


@pytest.mark.parametrize(("name", "output", "argument"), IN_PLACE)
@each_dtype
def test_an_output_may_be_an_input(name, output, argument, dtype):
    expected, outputs = OPERATIONS[name]
    beside_given, given = (_given(name, dtype, dtype) for _ in range(2))
    beside, in_place = (_wanted(name, g, expected(g), outputs.split()) for g in (beside_given, given))
    in_place[output] = getattr(given, argument)

    _call(name, beside_given, beside)
    _call(name, given, in_place)

    for actual, expected_ in zip(in_place.values(), beside.values(), strict=True):
        np.testing.assert_array_equal(_bits(actual).ravel(), _bits(expected_))
    np.testing.assert_array_equal(given.running_mean, beside_given.running_mean)
    np.testing.assert_array_equal(given.running_var, beside_given.running_var)


@pytest.mark.parametrize("name", ["batch_norm_forward", "instance_norm_forward"])
@pytest.mark.parametrize("unbiased", [True, False])
@each_dtype
def test_running_statistics_are_the_references_rounded_once(name, unbiased, dtype):
    expected, outputs = OPERATIONS[name]
    g = _given(name, dtype, dtype)
    g.unbiased = unbiased
    if name == "batch_norm_forward":
        statistics = reference.batch_norm_statistics(g.x, **_over(g))
        moved = reference.running_update(g.running_mean, g.running_var, *statistics, g.momentum, unbiased)
    else:
        moved = reference.instance_norm_running(g.running_mean, g.running_var, g.x, g.momentum, **_over(g))
    _call(name, g, _wanted(name, g, expected(g), outputs.split()))
    for actual, expected_ in zip((g.running_mean, g.running_var), moved, strict=True):
        np.testing.assert_array_equal(actual, expected_.astype(actual.dtype), strict=True)
