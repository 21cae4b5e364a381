"""The same data gives the same bits from any layout; what can be read where it stands is not copied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simdnorm
from norms import BATCH_NORM, LAYER_NORM, assert_same_bits, each_dtype, each_spec, small_case, with_out
from simdnorm import _layouts


def fortran(a):
    return np.asfortranarray(a)


def every_second(a):
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1]), 99, a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


def reversed_memory(a):
    return np.flip(np.flip(a).copy())


def transposed(a):
    return np.ascontiguousarray(a.swapaxes(0, -1)).swapaxes(0, -1)


def unaligned(a):
    room = np.zeros(a.nbytes + 1, np.uint8)
    view = room[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    assert not view.flags.aligned
    return view


def odd_offset(a):
    """Aligned to the element only, as a slice of a longer array is."""
    room = np.zeros(a.size + 1, a.dtype)
    view = room[1:].reshape(a.shape)
    view[...] = a
    return view


LAYOUTS = [fortran, every_second, reversed_memory, transposed, unaligned, odd_offset]
each_batch_spec = pytest.mark.parametrize("spec", BATCH_NORM, ids=lambda spec: spec.name)
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)


@each_layout
@each_dtype
@each_spec
def test_every_layout_of_every_input_gives_the_bits_of_the_contiguous_copy(isa, spec, dtype, layout):
    case = small_case(spec, dtype)
    arguments = spec.arguments(case)
    moved = {
        name: layout(value) for name, value in arguments.items() if isinstance(value, np.ndarray) and name != "count"
    }
    assert moved
    kept = {name: value.copy() for name, value in moved.items()}
    for value in moved.values():
        value.flags.writeable = False
    assert_same_bits(spec.call(case, **moved), spec.call(case))
    for name, value in moved.items():
        np.testing.assert_array_equal(value, kept[name], err_msg=f"{name} was written to")


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
    x = (
        np.broadcast_to(case.x[:1, ..., :1], case.x.shape)
        if spec not in LAYER_NORM
        else (np.broadcast_to(case.x[:1], case.x.shape))
    )
    assert 0 in x.strides
    assert_same_bits(spec.call(case, x=x), spec.call(case, x=x.copy()))


@with_out
def test_in_place_gives_the_bits_of_a_fresh_result(isa, spec):
    case = small_case(spec)
    expected = spec.call(case)
    for name in ("x", "dy"):
        if name in spec.arguments(case):
            buffer = getattr(case, name).copy()
            results = spec.call(case, **{name: buffer, "out": buffer})
            assert results[spec.out] is buffer
            assert_same_bits(results, expected)


def channels_last(a):
    """NHWC memory behind an NCHW view."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)


@pytest.fixture
def copies(monkeypatch):
    monkeypatch.setattr(_layouts, "copies_made", 0)
    return lambda: _layouts.copies_made


@each_batch_spec
def test_channels_last_memory_behind_a_channels_first_view_is_not_copied(isa, spec, copies):
    case = small_case(spec)
    moved = {n: channels_last(v) for n, v in spec.arguments(case).items() if getattr(v, "ndim", 0) == case.x.ndim}
    results = spec.call(case, **moved)
    assert copies() == 0
    if spec.out:
        assert results[spec.out].strides == moved["x"].strides


@each_batch_spec
def test_channels_first_memory_behind_a_channels_last_view_gives_its_bits_without_a_copy(isa, spec, copies):
    case = small_case(spec)
    full = [n for n, v in spec.arguments(case).items() if getattr(v, "ndim", 0) == case.x.ndim]
    moved = {name: np.moveaxis(getattr(case, name), 1, -1) for name in full}
    results = spec.call(case, **moved, channel_axis=-1)
    assert copies() == 0
    expected = spec.call(case)
    if spec.out:
        results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
    assert_same_bits(results, expected)


@each_batch_spec
def test_channels_last_memory_means_the_same_behind_either_view(isa, spec):
    case = small_case(spec)
    full = [n for n, v in spec.arguments(case).items() if getattr(v, "ndim", 0) == case.x.ndim]
    behind_view = spec.call(case, **{name: channels_last(getattr(case, name)) for name in full})
    plain = {name: np.ascontiguousarray(np.moveaxis(getattr(case, name), 1, -1)) for name in full}
    results = spec.call(case, **plain, channel_axis=-1)
    if spec.out:
        results[spec.out] = np.moveaxis(results[spec.out], -1, 1)
    assert_same_bits(results, behind_view)


def test_layer_norm_over_channels_of_channels_last_memory_is_not_copied(isa, copies):
    x = channels_last(np.random.default_rng(0).normal(size=(2, 5, 3, 4)))
    y, mean, rstd = simdnorm.layer_norm_forward(x, None, axis=1)
    dx, _, _ = simdnorm.layer_norm_backward(x, x, mean, rstd, axis=1)
    assert copies() == 0
    np.testing.assert_array_equal(y, np.moveaxis(simdnorm.layer_norm(np.moveaxis(x, 1, -1).copy(), 5), -1, 1))
    assert y.strides == dx.strides == x.strides


@pytest.mark.parametrize("layout", [every_second, unaligned], ids=lambda layout: layout.__name__)
@each_spec
def test_other_layouts_are_copied_once(isa, spec, copies, layout):
    case = small_case(spec)
    out = {"out": np.empty_like(case.x)} if spec.out else {}
    spec.call(case, x=layout(case.x), **out)
    assert copies() == 1


@settings(deadline=None)  # a busy machine is no failure
@given(
    memory=st.permutations(range(3)),
    steps=st.tuples(*[st.sampled_from([1, 2, -1, -2])] * 3),
    axis=st.sets(st.integers(0, 2), min_size=1),
)
def test_layer_norm_over_any_axes_of_any_strides_gives_the_bits_of_the_contiguous_copy(memory, steps, axis):
    room = np.random.default_rng(0).normal(size=(6, 7, 8))
    x = room.transpose(memory)[tuple(slice(None, None, step) for step in steps)]
    axis = tuple(axis)
    copy = x.copy(order="C")
    y, mean, rstd = simdnorm.layer_norm_forward(x, None, axis=axis)
    gradients = simdnorm.layer_norm_backward(x, x, mean, rstd, axis=axis)
    expected = simdnorm.layer_norm_forward(copy, None, axis=axis)
    expected_gradients = simdnorm.layer_norm_backward(copy, copy, *expected[1:], axis=axis)
    for actual, value in zip(
        (y, mean, rstd, gradients[0], gradients[2]),
        (*expected, expected_gradients[0], expected_gradients[2]),
        strict=True,
    ):
        np.testing.assert_array_equal(actual, value)
    np.testing.assert_array_equal(simdnorm.layer_norm(x, None, axis=axis, out=x), expected[0])
    np.testing.assert_array_equal(x, expected[0])


def test_a_memmap_is_taken_as_the_array_that_it_is(isa, tmp_path):
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=(4, 6))
    x[...] = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = simdnorm.layer_norm(np.array(x), 6)
    y = simdnorm.layer_norm(x, 6)
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, expected)
    assert simdnorm.layer_norm(x, 6, out=x) is x
    np.testing.assert_array_equal(x, expected)
