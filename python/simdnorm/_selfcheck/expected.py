"""What each result of an operation should be, and how far it may lie from that."""

from typing import Any

import numpy as np

from .. import reference
from .._dtypes import Array
from .bounds import bound_dweight, bound_mean, bound_sum, bound_y, dx_terms, unit_roundoff
from .cases import Case

Expected = dict[str, tuple[Array, Array]]  # value and bound


def inference(case: Case) -> Expected:
    """Normalize by the batch's statistics."""
    return {"y": _Exact(case).y()}


def forward(case: Case) -> Expected:
    """Normalize by the batch's statistics, and keep them."""
    exact = _Exact(case)
    mean = exact.mean, bound_mean(exact.mean, exact.rstd, exact.u, exact.u)
    rstd = exact.rstd, 4 * exact.u * exact.rstd
    return {"y": exact.y(), "mean": _reshaped(mean, case.mean.shape), "rstd": _reshaped(rstd, case.mean.shape)}


def running(case: Case) -> Expected:
    """Update running statistics, with momentum 0.1 and the unbiased variance."""
    exact = _Exact(case)
    old = case.running_mean, case.running_var
    mean, var = reference.running_update(*old, exact.count, exact.mean.ravel(), exact.m2.ravel())
    spread = np.sqrt(exact.m2.ravel() / exact.count)
    return {
        "running_mean": (mean, bound_sum(mean, np.abs(old[0]) + np.abs(exact.mean.ravel()) + spread, exact.u)),
        "running_var": (var, bound_sum(var, var, exact.u)),
    }


def backward(case: Case) -> Expected:
    """Go back through the batch's statistics."""
    exact = _Exact(case)
    if case.reduced == case.along:
        dx, *_ = reference.layer_norm_backward(
            exact.dy, exact.x, exact.mean, exact.rstd, case.weight, axis=case.reduced
        )
    else:
        mean, rstd = exact.mean.ravel(), exact.rstd.ravel()
        dx, *_ = reference.batch_norm_backward(
            exact.dy, exact.x, mean, rstd, case.weight, channel_axis=case.channel_axis
        )
    terms = dx_terms(exact.dy * exact.weight, exact.xhat, exact.rstd, case.reduced)
    return {"dx": (dx, bound_sum(dx, terms, exact.u)), **exact.parameters()}


def running_inference(case: Case) -> Expected:
    """Normalize by running statistics."""
    exact = _Exact(case, case.running_mean, case.running_var)
    return {"y": exact.y()}


def frozen_backward(case: Case) -> Expected:
    """Go back through constants: the running mean and its rstd as stored."""
    exact = _Exact(case, case.running_mean, rstd=case.running_rstd)
    dx = exact.dy * exact.weight * exact.rstd
    return {"dx": (dx, bound_sum(dx, np.abs(dx), exact.u)), **exact.parameters()}


def statistics(case: Case) -> Expected:
    """Take moments in float64 of data that may be float32: the mean's error counts in units of the spread alone."""
    exact = _Exact(case)
    spread, m2 = np.sqrt(exact.m2 / exact.count), exact.m2.ravel()
    mean = exact.mean, 4 * exact.u * spread + 2 * unit_roundoff(np.dtype(np.float64)) * np.abs(exact.mean)
    count = np.full(m2.shape, exact.count)
    return {"count": (count, 0 * count), "mean": _reshaped(mean, m2.shape), "m2": (m2, bound_sum(m2, m2, exact.u))}


def apply(case: Case) -> Expected:
    """Normalize by statistics as given."""
    return {"y": _Exact(case, case.mean, rstd=case.rstd).y()}


def backward_sums(case: Case) -> Expected:
    """Sum over statistics as given."""
    sums = _Exact(case, case.mean, rstd=case.rstd).parameters()
    return {"sum_dy": sums["dbias"], "sum_dy_xhat": sums["dweight"]}


def backward_apply(case: Case) -> Expected:
    """Give the last step of the backward pass the reference's sums over statistics as given."""
    exact = _Exact(case, case.mean, rstd=case.rstd)
    sum_dy, sum_dy_xhat = (value.astype(np.float64) for value, _ in backward_sums(case).values())
    given = exact.dy, exact.x, case.mean, case.rstd, case.weight, sum_dy, sum_dy_xhat
    count = np.full(case.mean.shape, exact.count)
    dx = reference.batch_norm_backward_apply(*given, count, channel_axis=case.channel_axis)
    terms = dx_terms(exact.dy * exact.weight, exact.xhat, exact.rstd, case.reduced)
    return {"dx": (dx, bound_sum(dx, terms, exact.u))}


class _Exact:
    """A case in working precision, with parameters and statistics shaped to broadcast against x."""

    def __init__(self, case: Case, mean: Array | None = None, var: Array | None = None, rstd: Any = None) -> None:
        dtype = reference.working_dtype(case.x)
        along = [n if a in case.along else 1 for a, n in enumerate(case.x.shape)]
        kept = [1 if a in case.reduced else n for a, n in enumerate(case.x.shape)]
        self.u = unit_roundoff(case.x.dtype)
        self.x, self.dy = case.x.astype(dtype), case.dy.astype(dtype)
        self.weight, self.bias = (p.astype(dtype).reshape(along) for p in (case.weight, case.bias))
        self._given = mean is not None
        self._parameter_shape = case.weight.shape
        self._rows = tuple(a for a in range(case.x.ndim) if a not in case.along)
        if mean is None:
            self.xhat, self.mean, self.rstd = reference.layer_norm_forward(case.x, eps=case.eps, axis=case.reduced)
        else:
            self.mean = mean.astype(dtype).reshape(kept)
            if var is not None:
                rstd = 1 / np.sqrt(var.astype(dtype) + dtype.type(case.eps))
            self.rstd = rstd.astype(dtype).reshape(kept)
            self.xhat = (self.x - self.mean) * self.rstd
        self.count = int(np.prod([case.x.shape[a] for a in case.reduced]))
        self.m2 = ((self.x - self.mean) ** 2).sum(axis=case.reduced, keepdims=True)

    def y(self) -> tuple[Array, Array]:
        y = self.xhat * self.weight + self.bias
        return y, bound_y(y, self.xhat, self.weight, self.u)

    def parameters(self) -> Expected:
        dweight, dbias = (terms.sum(axis=self._rows) for terms in (self.dy * self.xhat, self.dy))
        terms, scale = (np.abs(terms).sum(axis=self._rows) for terms in (self.dy * self.xhat, self.dy))
        # Statistics that were given are exact: then the mean adds no error of its own.
        mean_error = 0 if self._given else scale
        return {
            "dweight": _reshaped((dweight, bound_dweight(dweight, terms, mean_error, self.u)), self._parameter_shape),
            "dbias": _reshaped((dbias, bound_sum(dbias, scale, self.u)), self._parameter_shape),
        }


def _reshaped(pair: tuple[Array, Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    return pair[0].reshape(shape), pair[1].reshape(shape)
