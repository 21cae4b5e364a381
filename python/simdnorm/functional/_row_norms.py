"""The one way through the norms that reduce rows: LayerNorm, RMSNorm, and either of a sum with a residual."""

from collections.abc import Sequence

from .. import _backend
from .._dtypes import Array, array, spacing
from .._rows import rows_of
from .._scalars import checked_eps
from .._shapes import axes_of_backward, checked_axes, reduced_axes
from ._gradients import Gradients

Optional = Array | None


class RowNorm:
    """What tells one row norm from another: its name, and the arrays that its kernels take.

    A `centred` norm takes the mean away, and has a bias to put in its place; one that has `added` normalizes the sum of
    two inputs, and returns it too.
    """

    def __init__(self, name: str, *, centred: bool, added: bool) -> None:
        self._forward, self._backward = f"{name}_forward", f"{name}_backward"
        self._centred, self._added = centred, added
        self._statistics = ("mean", "rstd") if centred else ("rstd",)
        self._unsaved = (None,) * len(self._statistics)
        self._gradients = ("dx", "dweight", "dbias") if centred else ("dx", "dweight")

    def forward(
        self,
        x: Array,
        normalized_shape: object,
        weight: Optional,
        bias: Optional,
        eps: object,
        axis: object,
        out: object,
        residual: Optional = None,
        *,
        statistics: bool,
    ) -> tuple[Array, ...]:
        """Return y, the sum where inputs are added, and the `statistics` if they are wanted."""
        x = array("x", x)
        rows = rows_of("x", x, reduced_axes(x, normalized_shape, axis), plain=self._added)
        inputs = (x, rows.beside("residual", residual)) if self._added else (x,)
        weight_, bias_ = rows.affine(weight, bias)
        eps_ = spacing(x) if eps is None and not self._centred else checked_eps(eps)
        y = rows.output(out, inputs, (weight, bias))
        outputs = (y, rows.output()) if self._added else (y,)

        inputs_ = [rows.read(a) for a in inputs]
        parameters_ = (weight_, bias_) if self._centred else (weight_,)
        outputs_ = [a.written for a in outputs]
        rooms = [rows.statistic_room() for _ in self._statistics] if statistics else []
        saved_ = [written for _, written in rooms] or self._unsaved
        getattr(_backend.kernels, self._forward)(*inputs_, *parameters_, eps_, *outputs_, *saved_, rows.layout)
        return *[a.settled() for a in outputs], *[saved for saved, _ in rooms]

    def backward(
        self,
        dy: Array,
        x: Array,
        statistics: tuple[Array, ...],
        weight: Optional,
        need: object,
        out: object,
        axis: object = None,
        dsummed: Optional = None,
    ) -> tuple[Optional, ...]:
        """Return dx, dweight and, where the norm has a bias, dbias; `x` is the sum where inputs were added."""
        name = "summed" if self._added else "x"
        x, rstd = array(name, x), array("rstd", statistics[-1])
        if axis is None:
            axes = axes_of_backward(x, None if weight is None else array("weight", weight), rstd)
        else:
            axes = checked_axes(x, axis)
        rows = rows_of(name, x, axes, plain=self._added)
        inputs = [rows.beside("dy", dy), x]
        statistics_ = [rows.statistic(name, a) for name, a in zip(self._statistics, statistics, strict=True)]
        weight_, _ = rows.affine(weight)
        if dsummed is not None:
            inputs.append(rows.beside("dsummed", dsummed))
        gradients = Gradients(rows, self._gradients, need, weight, out, inputs, statistics)
        if gradients:
            dy_, x_, *flowing = [rows.read(a) for a in inputs]
            flowing_: Sequence[Optional] = (flowing or [None]) if self._added else []
            kernel = getattr(_backend.kernels, self._backward)
            kernel(dy_, x_, *statistics_, weight_, *flowing_, *gradients.written, rows.layout)
        return gradients.settled()
