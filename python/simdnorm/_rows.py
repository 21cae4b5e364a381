"""How LayerNorm, RMSNorm and their kin see x: which axes are reduced, in which order, to the kernels' layout.

    x                                              read as it is, in                 otherwise
    C-contiguous                                   logical order                     copied, kept axes first
    a transposition of C-contiguous memory         kept axes, then reduced axes      one copy in logical order
    channels first <-> last (one axis moved        that order                        one copy in logical order
    between position 1 and the last)

Neighbouring axes of a kind are one to the kernels, which know five such runs: kept, reduced, kept, reduced, kept. Only
axes that alternate more often are brought together by a copy; those of a sum with a residual, which they know as plain
rows alone, wherever they are not the last in memory. Axes of size 1 are of a kind like any other: so a batch
of one is cut like the batch that it was taken from, and gives the same bits.
"""

from functools import lru_cache
from itertools import groupby
from math import prod

from ._dtypes import Array
from ._frame import Frame, Layout
from ._layouts import Order, lies_in

Axes = tuple[int, ...]


def rows_of(name: str, x: Array, axes: Axes, *, plain: bool) -> Frame:
    """See `x` as a norm does that reduces `axes`, ascending; as `plain` rows, or as whatever the kernels know."""
    shape, first = x.shape, axes[0]
    if first + len(axes) == len(shape) and x.flags.c_contiguous:
        kept, reduced = shape[:first], shape[first:]
        layout: Layout = (prod(kept), 1, 1, prod(reduced), 1)
        return Frame(name, x, None, layout, reduced, kept + (1,) * len(axes))

    order, layout = _memory(x, axes, plain)
    reduced = tuple(shape[a] for a in axes)
    kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
    # In memory the reduced axes may follow one another otherwise than the axes of the parameters do.
    parameter_order = None if order is None else tuple(axes.index(a) for a in order if a in axes)
    return Frame(name, x, order, layout, reduced, kept, parameter_order, order)


def _memory(x: Array, axes: Axes, plain: bool) -> tuple[Order, Layout]:
    kept_first = *(a for a in range(x.ndim) if a not in axes), *axes
    if not x.flags.c_contiguous:
        for order in (kept_first, *_channel_moves(x.ndim)):
            if lies_in(x, order) and (layout := _layout(x.shape, order, axes, plain)):
                return order, layout
    logical = tuple(range(x.ndim))
    if layout := _layout(x.shape, logical, axes, plain):
        return None, layout
    layout = _layout(x.shape, kept_first, axes, plain)
    assert layout is not None
    return kept_first, layout


def _channel_moves(ndim: int) -> tuple[Axes, ...]:
    """Channels last to second, second to last."""
    if ndim < 3:
        return ()
    last = ndim - 1
    return (0, last, *range(1, last)), (0, *range(2, ndim), 1)


@lru_cache(maxsize=256)
def _layout(shape: Axes, order: Axes, axes: Axes, plain: bool) -> Layout | None:
    """Merge neighbours in `order` that are both reduced, or both kept; None for what the kernels do not know."""
    runs = [(reduced, prod(shape[a] for a in run)) for reduced, run in groupby(order, key=axes.__contains__)]
    sizes = [size for _, size in runs]
    if runs[0][0]:
        sizes.insert(0, 1)
    if runs[-1][0]:
        sizes.append(1)
    if len(sizes) == 3:
        outer, length, inner = sizes
        return (outer, 1, 1, length, inner) if inner == 1 or not plain else None
    return tuple(sizes) if len(sizes) == 5 and not plain else None
