"""A buffer that cannot be written without harm is refused, and has not been written to."""

import numpy as np
import pytest

import simdnorm
from layouts import FULL_SIZED, full_sized
from norms import each_dtype, small_case, with_out
from refusals import assert_refused


def _outs(x):
    """Buffers that do not fit x, by what is wrong with them."""
    read_only = np.zeros_like(x)
    read_only.flags.writeable = False
    wide = np.zeros((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    strides = {
        "zero strides": (0,) * (x.ndim - 1) + (x.itemsize,),
        "overlapping itself": (x.itemsize,) * x.ndim,
    }
    strided = {
        fault: (np.lib.stride_tricks.as_strided(np.zeros_like(x), x.shape, steps), ValueError)
        for fault, steps in strides.items()
    }
    return {
        "read-only": (read_only, ValueError),
        "shape": (wide, ValueError),
        "dtype": (np.zeros(x.shape, np.float64 if x.dtype == np.float32 else np.float32), ValueError),
        "16 bits": (np.zeros(x.shape, np.uint16), ValueError),
        "swapped": (np.zeros(x.shape, x.dtype.newbyteorder()), ValueError),
        **strided,
        "a list": (x.tolist(), TypeError),
        "masked": (np.ma.masked_array(np.zeros_like(x)), TypeError),
    }


@pytest.mark.parametrize("fault", _outs(np.zeros((2, 2), np.float32)))
@each_dtype
@with_out
def test_an_out_that_does_not_fit_is_refused(spec, dtype, fault):
    case = small_case(spec, dtype)
    out, error = _outs(case.x)[fault]
    assert_refused(spec, error, "out", case=case, out=out)


COPIED = ("running_mean", "running_var")  # by the specs that move them; test_running_stats has the others


@with_out
def test_an_out_that_overlaps_an_input_in_part_is_refused(spec):
    case = small_case(spec)
    for name, value in spec.arguments(case).items():
        if not isinstance(value, np.ndarray) or name in COPIED:
            continue
        room = np.zeros(2 * case.x.nbytes + value.nbytes, np.uint8)
        inside = room[case.x.nbytes // 2 :][: value.nbytes].view(value.dtype).reshape(value.shape)
        inside[...] = value
        out = room[: case.x.nbytes].view(case.x.dtype).reshape(case.x.shape)
        assert_refused(spec, ValueError, "out", "overlap", case=case, **{name: inside, "out": out})


@with_out
def test_an_out_that_is_another_view_of_an_input_is_refused(spec):
    case = small_case(spec)
    for value in full_sized(spec.arguments(case)).values():
        assert_refused(spec, ValueError, "out", "overlaps", case=case, out=value[::-1])


def test_an_out_that_is_an_input_may_step_otherwise_along_an_axis_of_one(isa):
    x = np.arange(6, dtype=np.float32).reshape(1, 6)
    same = np.lib.stride_tricks.as_strided(x, x.shape, (0, x.itemsize))
    expected = simdnorm.layer_norm(x, 6)
    np.testing.assert_array_equal(simdnorm.layer_norm(same, 6, out=x), expected)


@with_out
def test_an_out_between_the_elements_of_an_input_is_written_there(spec):
    case = small_case(spec)
    expected = spec.call(case)[spec.out]
    for name in FULL_SIZED:
        value = spec.arguments(case).get(name)
        if value is not None:
            interleaved = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
            interleaved[..., ::2] = value
            results = spec.call(case, **{name: interleaved[..., ::2], "out": interleaved[..., 1::2]})
            np.testing.assert_array_equal(results[spec.out], expected)
            np.testing.assert_array_equal(interleaved[..., ::2], value)


def test_an_overlap_that_is_too_hard_to_decide_counts_as_one(monkeypatch):
    def too_hard(*_, **__):
        raise np.exceptions.TooHardError

    x = np.zeros((4, 8), np.float32)
    simdnorm.layer_norm(x, 8, out=np.empty((8, 16), np.float32)[::2, ::2])  # where it is decided
    room = np.zeros((8, 16), np.float32)
    monkeypatch.setattr(np, "shares_memory", too_hard)
    with pytest.raises(ValueError, match="out overlaps"):
        simdnorm.layer_norm(room[::2, ::2], 8, out=room[1::2, ::2])
