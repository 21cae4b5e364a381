"""The backward passes are the derivatives of the forward passes: central differences in float64 say so."""

from dataclasses import replace

import numpy as np
import pytest

import simdnorm
from norms import (
    FLOAT64,
    GIVEN,
    MASKS,
    SPEC,
    assert_equal,
    each_norm,
    small_case,
)
from simdnorm._selfcheck.norms import NORMS
from simdnorm._selfcheck.plan import NHWC
from simdnorm.reference import numerical_gradient

# A central difference with the step cbrt(eps) keeps two thirds of the digits, 1e-10 of the typical value; a factor of
# 1000 is for the curvature of rows as short as these.
TOLERANCE = 1e-7

ROWS = [
    ((4, 7), {}),
    ((3, 2, 4), {"axis": (1, 2)}),
    ((2, 5, 2, 3), {"axis": 1}),
    ((2, 3, 2, 4), {"axis": (1, 3)}),
    ((2, 3, 2, 3), {"axis": (0, 2)}),
    ((2, 5, 2, 3), {"axis": 1, **NHWC}),
]
CHANNELS = [
    ((6, 4), {}),
    ((2, 4, 5), {}),
    ((2, 4, 2, 3), {}),
    ((2, 2, 3, 4), {"axis": -1}),
    ((2, 4, 2, 3), NHWC),
    ((2, 2, 3, 4), {"axis": -1, "order": (0, 3, 1, 2)}),
    ((4, 2, 5), {"axis": 0}),
]


def _plan():
    """Every norm with every layout, and with every choice of parameters and of a mask."""
    for norm in NORMS:
        layouts = CHANNELS if norm.has_channels else ROWS
        layouts = [(shape, options) for shape, options in layouts if norm.fits(shape, options.get("axis"))]
        choices = [{"given": given, "mask": mask} for given in GIVEN for mask in (None, *MASKS)]
        choices = [options for options in choices if norm.has_channels or options["mask"] is None]
        for i in range(max(len(layouts), len(choices))):
            shape, layout = layouts[i % len(layouts)]
            yield norm, shape, {**layout, **choices[i % len(choices)]}


def assert_close(actual, numerical, what):
    numerical = numerical.astype(float)
    atol = TOLERANCE * max(np.abs(numerical).max(), 1e-3)
    np.testing.assert_allclose(actual, numerical, rtol=0, atol=atol, err_msg=what)


def _without_nan(case):
    """What a mask leaves out as ordinary numbers, around which one can differentiate."""
    return replace(case, x=np.nan_to_num(case.x, nan=0.5), dy=np.nan_to_num(case.dy, nan=2.0))


def _assert_derivatives(case, forward, gradients):
    """The gradients of sum(dy * y) and, of a norm with a residual, of sum(dsummed * summed) beside it."""
    weights = {"y": case.dy, "summed": case.dsummed}
    outputs = [name for name in forward.results if name in weights]
    if case.mask is not None:
        weights["y"] = np.where(case.mask, case.dy, 0)  # dy there is not read

    def loss_terms(**moved):
        results = forward.call(case, **moved)
        return np.stack([results[name] for name in outputs])

    dy = np.stack([weights[name] for name in outputs])
    of = {"dx": ["x", "residual"] if "summed" in outputs else ["x"], "dweight": ["weight"], "dbias": ["bias"]}
    for name, gradient in gradients.items():
        for argument in of[name]:
            at = getattr(case, argument)
            if at is None:
                continue
            assert gradient.shape == at.shape
            numerical = numerical_gradient(lambda v, argument=argument: loss_terms(**{argument: v}), at, dy)
            assert_close(gradient, numerical, f"{name} of {case}")


@pytest.mark.parametrize(("norm", "shape", "options"), list(_plan()), ids=lambda v: getattr(v, "name", str(v)))
def test_every_backward_is_the_derivative_of_its_forward(isa, norm, shape, options):
    case = _without_nan(norm.case(shape, FLOAT64, **options))
    results = SPEC[f"{norm.name}_forward"].call(case)
    saved = {name: results[name] for name in ("mean", "rstd", "summed") if name in results}
    _assert_derivatives(case, SPEC[norm.name], SPEC[f"{norm.name}_backward"].call(case, **saved))


@pytest.mark.parametrize("mask", [None, *MASKS])
@pytest.mark.parametrize("given", GIVEN)
def test_the_frozen_backward_is_the_derivative_of_evaluation(isa, given, mask):
    frozen, evaluation = SPEC["batch_norm_backward_frozen"], SPEC["batch_norm_running"]
    case = _without_nan(frozen.case((3, 4, 5), FLOAT64, given=given, mask=mask))
    _assert_derivatives(case, evaluation, frozen.call(case))


@each_norm
def test_what_need_leaves_out_is_none_and_the_rest_the_same(isa, norm):
    backward = SPEC[f"{norm.name}_backward"]
    case = small_case(norm)
    full = backward.call(case)
    for needed in np.ndindex(*[2] * len(full)):
        need = tuple(map(bool, needed))
        for wanted, (name, gradient) in zip(need, backward.call(case, need=need).items(), strict=True):
            assert_equal(gradient, full[name] if wanted else None, name)


@each_norm
def test_without_a_weight_there_is_no_dweight(isa, norm):
    backward = SPEC[f"{norm.name}_backward"]
    case = small_case(norm, given="none")
    results = backward.call(case)
    assert results["dweight"] is None and results["dx"] is not None
    if "dbias" in results:
        assert_equal(results["dbias"], backward.call(small_case(norm))["dbias"])


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
    if weight is not None:
        assert simdnorm.rms_norm_backward(dy, x, np.ones(rstd_shape), weight)[1].shape == dbias_shape
