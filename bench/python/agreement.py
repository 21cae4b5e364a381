"""Before a case is timed, all peers must agree on its results: else something else would be timed."""

import math
from collections.abc import Mapping

import numpy as np
from cases import Array, Case
from peers import WAYS, Calls

WIRING = {"float32": 1e-3, "float16": 2**-11 * 64, "bfloat16": 2**-8 * 64}
"""Of the largest value: far above what rounding makes of short sums, far below any mistake in the wiring. In 16 bits
the widest gap is that to PyTorch's LayerNorm, which sums the gradients of its parameters in 16 bits."""


class Disagreement(Exception):
    """A case of which peers think differently."""


def tolerance(case: Case) -> float:
    """What peers may differ by, relative to the largest value.

    A running float32 sum of n values is off by n / 2 roundings of 2**-24 at worst (some peers have no better), and by a
    small part of that in practice: an eighth is allowed.
    """
    return WIRING[case.dtype] + math.prod(case.split[axis] for axis in case.axes) / 2 * 2**-24 / 8


def check(case: Case, of_peers: Mapping[str, Calls]) -> None:
    """Raise Disagreement where a peer's result, in one of its ways, is not that of the first peer."""
    (first, ours), *others = of_peers.items()
    assert ours.fresh is not None
    expected = [np.array(array, np.float32) for array in ours.arrays(ours.fresh())]
    for name, calls in [(first, ours), *others]:
        for way, call in zip(WAYS, (calls.fresh, calls.out), strict=True):
            if call is None:
                continue
            actual = [np.asarray(array, np.float32) for array in calls.arrays(call())]
            for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
                error = _error(a, e)
                if not error <= tolerance(case):
                    raise Disagreement(f"{case.name}: result {i} of {name} ({way}) is not that of {first}: {error:.2g}")


def _error(actual: Array, expected: Array) -> float:
    if actual.shape != expected.shape:
        return math.inf
    return float(np.abs(actual - expected).max() / np.abs(expected).max())
