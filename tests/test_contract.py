"""What reaches the kernels is what `_core.pyi` says: the front checks and prepares, and the kernels may rely on it."""

import ast
import pathlib
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest

import simdnorm
from layouts import LAYOUTS, channels_last, full_sized
from norms import FLOAT32, MASKS, SPECS, each_dtype, layouts_of, small_case
from simdnorm import _backend, _fallback

STUB = ast.parse(pathlib.Path(simdnorm.__file__).with_name("_core.pyi").read_text())
KINDS = {
    node.name: [(arg.arg, ast.unparse(arg.annotation).removesuffix(" | None")) for arg in node.args.args]
    for node in STUB.body
    if isinstance(node, ast.FunctionDef) and "layout" in [arg.arg for arg in node.args.args]
}
ELEMENTS = {np.dtype(t) for t in (np.float32, np.float64, np.float16, np.uint16)}


def statistics_of(name, layout, groups):
    if len(layout) == 5:
        outer, _, middle, _, inner = layout
        return outer * middle * inner
    samples, _, channels, _ = layout
    return {"group": samples * (groups or 0), "instance": samples * channels, "batch": channels}[name.split("_")[0]]


def check(name, values):
    """Hold one call's arguments against the stub."""
    named = dict(zip([n for n, _ in KINDS[name]], values, strict=True))
    layout = named["layout"]
    assert all(type(n) is int for n in layout)
    if name.startswith("add"):
        assert (*layout[1:3], layout[4]) == (1, 1, 1)  # plain rows
    elements = named["summed"] if "x" not in named else named["x"]
    assert elements.dtype in ELEMENTS
    wide = np.dtype(np.float64 if elements.dtype == np.float64 else np.float32)
    parameters = {elements.dtype, np.dtype(np.float32)} if elements.itemsize == 2 else {elements.dtype}
    channels = layout[1] * layout[3] if len(layout) == 5 else layout[2]
    statistics = statistics_of(name, layout, named.get("groups"))
    expected = {
        "Elements": ({elements.dtype}, prod(layout)),
        "Parameters": (parameters, channels),
        "Statistics": ({wide}, statistics),
        "Float64s": ({np.dtype(np.float64)}, channels),
        "Int64s": ({np.dtype(np.int64)}, channels),
    }
    of_parameters = set()
    for argument, kind in KINDS[name]:
        value = named[argument]
        if kind in ("int", "float", "bool"):
            assert type(value).__name__ == kind, argument
        elif value is not None and argument != "layout":
            assert type(value) is np.ndarray and value.flags.c_contiguous and value.flags.aligned, argument
            if kind == "Mask":
                check_mask(value, layout)
                continue
            dtypes, size = expected[kind]
            if argument.startswith("running"):
                size = layout[2]
            assert value.dtype in dtypes and value.size == size, (argument, value.dtype, value.size)
            if kind == "Parameters":
                of_parameters.add(value.dtype)
    assert len(of_parameters) <= 1


def check_mask(mask, layout):
    assert mask.dtype == np.bool_ and mask.ndim == 4 and not mask.all()
    assert all(m in (1, n) for m, n in zip(mask.shape, layout, strict=True))
    # A mask that differs between neighbours in memory would be slow: x is brought into another order before.
    assert mask.shape[2] == 1 or layout[3] > 1 or layout[1] == 1


@pytest.fixture
def checked(monkeypatch):
    """The fallback behind the checks, and the calls that it got."""
    calls = []

    def checking(name):
        def kernel(*values):
            check(name, values)
            calls.append(name)
            return getattr(_fallback, name)(*values)

        return kernel

    kernels = {name: getattr(_fallback, name) for name in _fallback.__all__} | {name: checking(name) for name in KINDS}
    monkeypatch.setattr(_backend, "kernels", SimpleNamespace(**kernels))
    return calls


def channels_second(a):
    """NCHW memory behind an NHWC view."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, -1, 1)), 1, -1)


VIEWS = [np.copy, channels_last, channels_second, *LAYOUTS]
SPECS_AND_MASKS = [(spec, mask) for spec in SPECS for mask in ((None, *MASKS) if spec.takes("mask") else (None,))]
each_spec_and_mask = pytest.mark.parametrize(
    ("spec", "mask"), SPECS_AND_MASKS, ids=[f"{spec.name}-{mask}" for spec, mask in SPECS_AND_MASKS]
)


@each_dtype
@each_spec_and_mask
def test_what_reaches_the_kernels_is_canonical(checked, spec, dtype, mask):
    rows = {} if spec.norm.has_channels else {"axis": (2, 3)}
    calls = 0
    for parameters in {dtype, np.dtype(np.float32)} if dtype.itemsize == 2 else {dtype}:
        case = spec.case((4, 6, 3, 7), dtype, mask=mask, parameters=parameters, **rows)
        for view in VIEWS:
            moved = {name: view(value) for name, value in full_sized(spec.arguments(case)).items()}
            spec.call(case, **moved)
            calls += 1
    assert len(checked) == calls


@each_spec_and_mask
def test_every_shape_and_axis_reaches_the_kernels_canonical(checked, spec, mask):
    for shape, options in layouts_of(spec.norm):
        if prod(shape) < 2000:
            spec.call(spec.case(shape, FLOAT32, mask=mask, **options))
    assert checked


@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("mask")], ids=lambda spec: spec.name)
def test_a_mask_that_leaves_nothing_out_never_reaches_the_kernels(checked, spec):
    case = small_case(spec)
    for shape in ((), (7,), (4, 1, 1, 7), case.x.shape):
        spec.call(case, mask=np.ones(shape, bool))  # `check_mask` would not let it pass
    assert len(checked) == 4


@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("bias")], ids=lambda spec: spec.name)
def test_of_a_16_bit_and_a_float32_parameter_both_arrive_in_float32(checked, spec):
    case = small_case(spec, np.dtype(np.float16))
    wide = {name: getattr(case, name).astype(np.float32) for name in ("weight", "bias")}
    expected = spec.call(case, **wide)[spec.out]
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(spec.call(case, **{name: wide[name]})[spec.out], expected)
    assert len(checked) == 3


@each_dtype
@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("need")], ids=lambda spec: spec.name)
def test_what_is_not_needed_costs_nothing_and_comes_back_as_none(checked, spec, dtype):
    case = small_case(spec, dtype)
    whole = spec.call(case)
    for i in range(2 ** len(spec.results)):
        need = tuple(bool(i >> bit & 1) for bit in range(len(spec.results)))
        results = spec.call(case, need=need)
        assert [value is not None for value in results.values()] == list(need)
        for name, value in results.items():
            if value is not None:
                assert value.tobytes() == whole[name].tobytes()
    assert len(checked) == 1 + 2 ** len(spec.results) - 1  # where nothing is needed, nothing is called
    without = spec.call(case, weight=None)
    assert without["dweight"] is None
    if "dbias" in without:
        assert without["dbias"].dtype == dtype
