"""Any call of any public function has a right result, or an error that names an argument and has changed nothing."""

import os
import re

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import simdnorm
from fuzzing import calls
from norms import ISAS, assert_within_bound, using
from simdnorm._selfcheck.formats import format_of
from simdnorm._selfcheck.norms import parameters_of

EXAMPLES = int(os.environ.get("SIMDNORM_FUZZ_EXAMPLES", "300"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
WRITTEN = ("out", "running_mean", "running_var")


def outcome(call, isa):
    """Results by name, or the error; what was not to be written has not been."""
    arguments = call.arguments()
    before = {name: _content(value) for name, value in arguments.items()}
    error = None
    try:
        with using(isa):
            values = getattr(call.spec.function, "__wrapped__", call.spec.function)(**arguments)
    except (ValueError, TypeError, MemoryError) as e:
        error = e
    written = [] if error else [arguments[name] for name in WRITTEN if isinstance(arguments.get(name), np.ndarray)]
    for name, value in arguments.items():
        if not any(value is w or _share(value, w) for w in written):
            assert _content(value) == before[name], f"{name} was written to, and then: {error!r}"
    if error:
        return error
    values = values if isinstance(values, tuple) else (values,)
    moved = [arguments[name] for name in call.spec.results[len(values) :]]
    return dict(zip(call.spec.results, (*values, *moved), strict=True))


def _content(value):
    if not isinstance(value, np.ndarray):
        return None
    return value.tobytes() if value.nbytes < 2**20 and value.dtype.kind != "O" else None


def _share(a, b):
    return isinstance(a, np.ndarray) and np.may_share_memory(a, b)


def assert_names_an_argument(call, error):
    if not isinstance(error, MemoryError):  # it is about a size
        names = "|".join(parameters_of(call.spec.function))
        assert re.search(rf"\b({names})\b", str(error)), f"no argument is named: {error!r}"


@given(call=calls(wrong=False), isa=st.sampled_from(ISAS), threads=st.sampled_from([1, 2]))
@fuzz
def test_a_call_in_which_nothing_is_wrong_keeps_its_bound(call, isa, threads):
    expected = call.spec.expected(call.case)
    with simdnorm.threads(threads):
        results = outcome(call, isa)
    assert isinstance(results, dict), repr(results)
    need = dict(zip(call.spec.results, call.options.get("need", ()), strict=False))
    expected = {name: value if need.get(name, True) else None for name, value in expected.items()}
    assert_within_bound(
        {n: v for n, v in results.items() if v is not None}, {n: e for n, e in expected.items() if e is not None}
    )


@given(call=calls(wrong=True), isa=st.sampled_from(ISAS))
@fuzz
def test_a_call_in_which_anything_is_wrong_is_refused_or_answered_as_the_reference_answers_it(call, isa):
    actual, expected = outcome(call, isa), outcome(call, "numpy")
    if isinstance(expected, Exception):
        assert (type(actual), str(actual)) == (type(expected), str(expected))
        return assert_names_an_argument(call, expected)
    assert isinstance(actual, dict), repr(actual)
    for name, value in expected.items():
        assert_close(name, actual[name], value, _unit(call))
    return None


def _unit(call):
    """The roundoff of the type that was computed in."""
    arguments = call.arguments()
    return 2.0**-53 if arguments.get("x", arguments.get("summed")).dtype == np.float64 else 2.0**-24


def assert_close(name, actual, expected, unit):
    """Sums of some thousand values of about 1 at most, each rounded; their terms may cancel. Then each is stored."""
    assert (actual is None) == (expected is None), name
    if expected is None:
        return
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), name
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    scale = np.max(np.abs(e), initial=1, where=np.isfinite(e))
    # What rounds to neighbours is 2 u apart, or a denormal number.
    u, tiny = (0, 0) if actual.dtype.kind == "i" else (format_of(actual.dtype).u, format_of(actual.dtype).tiny)
    np.testing.assert_allclose(a, e, rtol=2 * u, atol=3000 * unit * scale + tiny, err_msg=name)
