"""What the tests run over: every operation of the one spec list, in both dtypes, and its ways to lie in memory."""

import os
import subprocess
import sys

import numpy as np
import pytest

import simdnorm
from simdnorm._selfcheck.bounds import worst
from simdnorm._selfcheck.data import KINDS
from simdnorm._selfcheck.specs import BATCH_NORM, LAYER_NORM, SPECS, Spec

DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
NATIVE_ISAS = simdnorm.available_isas() if simdnorm.backend() == "native" else []

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
each_kind = pytest.mark.parametrize("kind", KINDS)
with_out = pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.out], ids=lambda spec: spec.name)
needs_native = pytest.mark.skipif(not NATIVE_ISAS, reason="the native kernels are not installed")

LANES = 16  # of float32; float64 has half as many
ROW_SHAPES = [(3, n) for n in (1, 2, LANES - 1, LANES, LANES + 1, 4 * LANES // 3, 8 * LANES + 2)] + [
    (67, 130),
    (2, 9000),
]
CHANNEL_SHAPES = [(5, n) for n in (1, LANES - 1, LANES + 1, 8 * LANES + 2)] + [
    (600, 3),  # narrow, many rows
    (127, 20),
    (1024, 3, 2),  # many short segments
    (1024, 3, 3),
    (300, 5, 16),
    (3, 5, 1),
    (2, 3, LANES + 1),
    (4, 5, 6, 7),
    (2, 2, 3, 4, 5),
    (2, 3, 5000),  # long channels
]

# Enough work for a team: many rows, few long rows, many values per channel, many channels.
BIG_ROWS = [(3000, 130), (3, 120_000), (1, 300_001)]
BIG_CHANNELS = [(64, 9, 400), (9000, 33), (4, 700, 40), (3, 2, 90_001)]


def shapes_of(spec: Spec) -> list[tuple[int, ...]]:
    return ROW_SHAPES if spec in LAYER_NORM else CHANNEL_SHAPES


def big_shapes(spec: Spec) -> list[tuple[int, ...]]:
    return BIG_ROWS if spec in LAYER_NORM else BIG_CHANNELS


def small_case(spec: Spec, dtype=DTYPES[0], kind="random"):
    """A case that is large enough to have tails, channels and several rows in every result."""
    return spec.case((6, 37) if spec in LAYER_NORM else (4, 5, 3, 7), dtype, kind)


def assert_same_bits(actual: dict, expected: dict):
    """Equal to the last bit, the sign of zeros included; a NaN equals any NaN."""
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value, err_msg=name)
        np.testing.assert_array_equal(np.signbit(actual[name]), np.signbit(value), err_msg=f"signs of {name}")


def assert_within_bound(actual: dict, expected: dict):
    assert actual.keys() == expected.keys()
    for name, (value, bound) in expected.items():
        of_bound, places = worst(actual[name], value, bound)
        assert of_bound <= 1, f"{name} is off by {of_bound:.3g} times its bound ({places:.3g} units in the last place)"


def layer_norm_into(queue, x):
    """What a child process runs: importable by name, as spawn asks for."""
    queue.put(simdnorm.layer_norm(x, x.shape[-1]))


def run_python(code, **environment):
    """Run `code` in a fresh interpreter that sees the simdnorm of this one."""
    path = os.pathsep.join(p for p in sys.path if p)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


__all__ = ["BATCH_NORM", "LAYER_NORM", "SPECS"]
