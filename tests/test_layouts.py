"""The same data gives the same bits from any layout; out of every layout receives them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simdnorm
from layouts import LAYOUTS, every_second, full_sized
from norms import SPECS, assert_equal, assert_same_bits, each_dtype, each_spec, small_case, with_out
from simdnorm import _layouts

each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)


def assert_bits_of_any_layout(spec, case, layout):
    arguments = spec.arguments(case)
    moved = {name: layout(value) for name, value in arguments.items() if isinstance(value, np.ndarray)}
    assert moved
    kept = {name: value.copy() for name, value in moved.items()}
    for value in moved.values():
        value.flags.writeable = False
    assert_same_bits(spec.call(case, **moved), spec.call(case))
    for name, value in moved.items():
        assert_equal(value, kept[name], f"{name} was written to")


@each_layout
@each_dtype
@each_spec
def test_every_layout_of_every_input_gives_the_bits_of_the_contiguous_copy(isa, spec, dtype, layout):
    assert_bits_of_any_layout(spec, small_case(spec, dtype), layout)


@each_layout
@pytest.mark.parametrize("mask", ["lengths", "scattered"])
@pytest.mark.parametrize("spec", [s for s in SPECS if s.takes("mask")], ids=lambda spec: spec.name)
def test_every_layout_of_every_input_beside_a_mask_gives_the_bits_of_the_contiguous_copy(isa, spec, mask, layout):
    assert_bits_of_any_layout(spec, small_case(spec, mask=mask), layout)


@each_layout
@with_out
def test_out_of_every_layout_receives_the_bits_of_a_fresh_result(isa, spec, layout):
    case = small_case(spec)
    out = layout(np.zeros_like(case.x))
    results = spec.call(case, out=out)
    assert results[spec.out] is out
    assert_same_bits(results, spec.call(case))


@each_spec
def test_broadcast_inputs_give_the_bits_of_their_copy(isa, spec):
    case = small_case(spec)
    for name, value in full_sized(spec.arguments(case)).items():
        one = value[:1, ..., :1] if spec.norm.has_channels else value[:1]
        broadcast = np.broadcast_to(one, value.shape)
        assert 0 in broadcast.strides
        assert_same_bits(spec.call(case, **{name: broadcast}), spec.call(case, **{name: broadcast.copy()}))


@each_dtype
@with_out
def test_in_place_gives_the_bits_of_a_fresh_result(isa, spec, dtype):
    case = small_case(spec, dtype)
    expected = spec.call(case)
    for name, value in full_sized(spec.arguments(case)).items():
        for layout in (np.copy, every_second):
            buffer = layout(value)
            results = spec.call(case, **{name: buffer, "out": buffer})
            assert results[spec.out] is buffer
            assert_same_bits(results, expected)


@settings(deadline=None)  # a busy machine is no failure
@given(
    memory=st.permutations(range(4)),
    steps=st.just((1,) * 4) | st.tuples(*[st.sampled_from([1, 2, -1, -2])] * 4),
    axis=st.sets(st.integers(0, 3), min_size=1),
)
def test_row_norms_over_any_axes_of_any_strides_mean_the_same_and_a_copy_gives_the_bits_of_the_copy(
    memory, steps, axis
):
    room = np.random.default_rng(0).normal(size=(4, 5, 6, 4))
    x = room.transpose(memory)[tuple(slice(None, None, step) for step in steps)]
    axis = tuple(axis)
    copy = x.copy(order="C")
    weight, bias = np.random.default_rng(1).normal(size=(2, *[x.shape[a] for a in sorted(axis)]))

    def run(x):
        y, mean, rstd = simdnorm.layer_norm_forward(x, None, weight, bias, axis=axis)
        return y, mean, rstd, *simdnorm.layer_norm_backward(x, x, mean, rstd, weight, axis=axis)

    before = _layouts.copies_made
    actual, expected = run(x), run(copy)
    in_place = _layouts.copies_made == before and not x.flags.c_contiguous
    for a, e in zip(actual, expected, strict=True):
        if in_place:  # summed in another order: sums of 480 values of about 1 at most, each rounded
            np.testing.assert_allclose(a, e, rtol=0, atol=480 * 2**-52 * max(1, np.abs(e).max()))
        else:
            np.testing.assert_array_equal(a, e)
    y = simdnorm.layer_norm(x, None, weight, bias, axis=axis, out=x)
    assert y is x
    np.testing.assert_array_equal(x, actual[0])


@each_dtype
@each_spec
def test_an_equal_dtype_that_is_another_object_means_the_same(isa, spec, dtype):
    def elsewhere(a):
        strided = every_second(a)
        return strided.view(np.dtype(strided.dtype, metadata={"made": "elsewhere"}))

    assert_bits_of_any_layout(spec, small_case(spec, dtype), elsewhere)


def test_a_memmap_is_taken_as_the_array_that_it_is(isa, tmp_path):
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=(4, 6))
    x[...] = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = simdnorm.layer_norm(np.array(x), 6)
    y = simdnorm.layer_norm(x, 6)
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, expected)
    assert simdnorm.layer_norm(x, 6, out=x) is x
    np.testing.assert_array_equal(x, expected)
