"""Ways for the same values to lie in memory."""

import numpy as np


def fortran(a):
    return np.asfortranarray(a)


def every_second(a):
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
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
    assert view.flags.aligned == (a.itemsize == 1)
    return view


def odd_offset(a):
    """Aligned to the element only, as a slice of a longer array is."""
    room = np.zeros(a.size + 1, a.dtype)
    view = room[1:].reshape(a.shape)
    view[...] = a
    return view


def channels_last(a):
    """NHWC memory behind an NCHW view."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)


LAYOUTS = [fortran, every_second, reversed_memory, transposed, unaligned, odd_offset]
FULL_SIZED = ("x", "dy", "residual", "summed", "dsummed")


def full_sized(arguments):
    """Those of an operation's arguments that have the shape of x."""
    return {name: arguments[name] for name in FULL_SIZED if arguments.get(name) is not None}
