"""The functions beside the operations keep the promise of test_fuzz: merging, the course's layers, the settings."""

import copy
import re

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

import simdnorm
from fuzzing import JUNK, TORN, one_of, torn
from norms import ISAS, using
from simdnorm import cs231n, reference
from test_fuzz import assert_close, fuzz

junk = st.integers(0, len(JUNK) - 1).map(lambda i: ("junk", i))
changes = st.lists(st.tuples(st.integers(0, 9), one_of(*TORN).map(lambda how: ("torn", how)) | junk), max_size=2)


def changed(values, changes):
    """The values, with some of the arrays among them torn, or something else in their place."""
    values = list(values)
    for place, (kind, what) in changes:
        i = place % len(values)
        values[i] = JUNK[what] if kind == "junk" else torn(values[i], what)
    return values


def called(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, TypeError, MemoryError) as error:
        return error


def assert_names(words, error):
    assert isinstance(error, MemoryError) or re.search(rf"\b({words})\b", str(error)), repr(error)


@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4), channels=st.integers(0, 4), changes=changes)
@fuzz
def test_any_shares_are_merged_or_refused(sizes, channels, changes):
    rng = np.random.default_rng(0)
    shares = [simdnorm.batch_norm_stats(rng.normal(size=(n, channels))) for n in sizes]
    flat = changed([part for share in shares for part in share], changes)
    given_ = [tuple(flat[i : i + 3]) for i in range(0, len(flat), 3)]
    merged = called(simdnorm.merge_stats, *given_)
    if isinstance(merged, Exception):
        assert changes, repr(merged)
        return assert_names("share", merged)
    expected = given_[0]
    for share in given_[1:]:
        expected = reference.merge_statistics(expected, share)
    for part, whole in zip(merged, expected, strict=True):
        # Some ten roundings of values of about 1; a torn array was rounded to 8 bits before it came.
        np.testing.assert_allclose(part, np.asarray(whole, np.float64), rtol=1e-12, atol=1e-12)
    return None


def _layer(shape, name):
    return shape, getattr(cs231n, f"{name}_forward"), getattr(cs231n, f"{name}_backward")


MATRIX, IMAGES = (5, 4), (2, 4, 3, 2)
LAYERS = {name: _layer(MATRIX, name) for name in ("batchnorm", "layernorm")}
LAYERS |= {name: _layer(IMAGES, name) for name in ("spatial_batchnorm", "spatial_groupnorm")}
OPTIONS = ("mode", "eps", "momentum", "running_mean", "running_var")
ZERO = "junk", next(i for i, value in enumerate(JUNK) if type(value) is float and value == 0)
NAMED = "x|gamma|beta|G|dout|cache|eps|momentum|bn_param|ln_param|gn_param|mode"


@given(
    layer=one_of(*LAYERS), mode=one_of("train", "test"), isa=st.sampled_from(ISAS), changes=changes,
    options=st.dictionaries(one_of(*OPTIONS), junk, max_size=1), back=changes,
)  # fmt: skip
@example(layer="batchnorm", mode="test", isa=ISAS[-1], changes=[], options={"eps": ZERO}, back=[])
@fuzz
def test_any_call_of_a_course_layer_is_answered_as_the_reference_answers_it_or_refused(
    layer, mode, isa, changes, options, back
):
    shape, forward, backward = LAYERS[layer]
    rng = np.random.default_rng(0)
    arrays = changed([rng.normal(size=shape), rng.normal(size=4), rng.normal(size=4)], changes)
    groups = (2,) if layer == "spatial_groupnorm" else ()
    param = {"mode": mode, **{name: JUNK[i] for name, (_, i) in options.items()}}

    def run(backend):
        told = copy.copy(param)
        with using(backend), np.errstate(all="ignore"):  # the course's arrays are NumPy's to convert
            results = called(forward, *arrays, *groups, told)
            if isinstance(results, Exception):
                assert told.keys() == param.keys() and all(told[name] is value for name, value in param.items())
                return results
            out, cache = results
            dout = changed([np.ones(shape)], back)
            return [out, called(backward, *dout, cache)]

    actual, expected = run(isa), run("numpy")
    if isinstance(expected, Exception):
        assert (type(actual), str(actual)) == (type(expected), str(expected))
        return assert_names(NAMED, expected)
    (out, back_), (expected_out, expected_back) = actual, expected
    unit = 2.0**-53 if expected_out.dtype == np.float64 else 2.0**-24
    assert_close("out", out, expected_out, unit)
    if isinstance(expected_back, Exception):
        assert (type(back_), str(back_)) == (type(expected_back), str(expected_back))
        return assert_names(NAMED, expected_back)
    for name, gradient, value in zip(("dx", "dgamma", "dbeta"), back_, expected_back, strict=True):
        assert_close(name, gradient, value, unit)
    return None


@given(value=st.sampled_from(JUNK))
@fuzz
def test_any_setting_is_obeyed_or_refused_and_then_unchanged(value):
    before = simdnorm.get_num_threads(), simdnorm.isa()
    for setting, words in ((simdnorm.set_num_threads, "n"), (simdnorm.threads, "n"), (simdnorm.use_isa, "name|isa")):
        result = called(setting, value)
        if isinstance(result, Exception):
            assert_names(words, result)
            assert (simdnorm.get_num_threads(), simdnorm.isa()) == before
        simdnorm.set_num_threads(before[0])
