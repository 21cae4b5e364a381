"""The accuracy bound does not grow with the length of the data.

Of ten million values nobody wants a reference in more precision. But data that are one piece over and over have the
answer of the piece, and errors that do not cancel: what one piece rounds up, the next one does.
"""

import numpy as np
import pytest

from norms import FLOAT32, FLOAT64, NATIVE_ISAS, SIXTEEN_BITS, SPEC, assert_keeps_the_bound, each_norm, using
from simdnorm._selfcheck.spec import worst_of

PIECE, PIECES = 10_007, 1000  # a prime: no block or chunk begins where another one did
ISAS = NATIVE_ISAS or ["numpy"]
DATA = [(FLOAT32, "far"), (FLOAT32, "two-valued"), (FLOAT64, "far"), (SIXTEEN_BITS[0], "random")]


def _case(norm, dtype, kind):
    if not norm.has_channels:
        return norm.case((1, PIECE), dtype, kind)
    return norm.case((1, 2, PIECE), dtype, kind) if kind == "far" else norm.case((1, PIECE, 2), dtype, kind, axis=-1)


def _repeated(value):
    """The argument, with all pieces after each other wherever it is as long as one."""
    if isinstance(value, tuple):
        return tuple(n * PIECES if n == PIECE else n for n in value)
    if isinstance(value, np.ndarray):
        return np.tile(value, [PIECES if n == PIECE else 1 for n in value.shape])
    return value


def _extremes(value):
    """The least and the largest of what stands at the same place of all pieces."""
    for axis, n in enumerate(value.shape):
        if n == PIECE * PIECES:
            pieces = value.reshape(*value.shape[:axis], PIECES, PIECE, *value.shape[axis + 1 :])
            return pieces.min(axis), pieces.max(axis)
    return (value,)


@pytest.mark.parametrize(("dtype", "kind"), DATA, ids=str)
@each_norm
def test_ten_million_values_keep_the_bound_of_ten_thousand(norm, dtype, kind):
    case = _case(norm, dtype, kind)
    for spec in (SPEC[f"{norm.name}_forward"], SPEC[f"{norm.name}_backward"]):
        expected = spec.expected(case)
        if norm.has_channels:  # whose gradients are sums over everything
            for name in {"dweight", "dbias"} & expected.keys():
                entry = expected[name]
                expected[name] = entry._replace(value=PIECES * entry.value, bound=PIECES * entry.bound)
        arguments = {name: _repeated(value) for name, value in spec.arguments(case).items()}
        for isa in ISAS:
            with using(isa):
                results = spec.called_with(arguments)
            for name, value in results.items():
                for extreme in _extremes(value):
                    of_bound, places = worst_of(expected[name], extreme)
                    where = f"{name} of {spec.name} of {PIECES} times {case} on {isa}"
                    assert of_bound <= 1, f"{where}: {of_bound:.3g} times its bound, {places:.3g} last places"


@pytest.mark.parametrize("mean", [0, 1e6])
@each_norm
def test_a_million_values_keep_the_bound(norm, mean):
    x = np.random.default_rng(1).normal(mean, 1, (1, 1_000_003)).astype(np.float32)
    case = norm.case_of(x[np.newaxis] if norm.has_channels else x)
    for way in ("forward", "backward"):
        assert_keeps_the_bound(SPEC[f"{norm.name}_{way}"], case)
