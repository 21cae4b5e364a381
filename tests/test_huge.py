"""More than 2**31 elements: sizes and places are 64-bit everywhere.

Arrays of 16 bits, so 4 GiB and more each: SIMDNORM_LONG=1 runs these, where 20 GiB of memory are free.
"""

import os

import numpy as np
import pytest

import simdnorm
from norms import needs_native

FREE = 20 * 2**30
MANY = 2**31 + 64


def _free():
    with open("/proc/meminfo") as lines:
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)


pytestmark = [
    needs_native,
    pytest.mark.skipif(not os.environ.get("SIMDNORM_LONG"), reason="takes minutes: SIMDNORM_LONG=1 runs it"),
    pytest.mark.skipif(not os.path.exists("/proc/meminfo") or _free() < FREE, reason="needs 20 GiB of free memory"),
]


@pytest.fixture(scope="module")
def values():
    """-1 and 1 in turn, and behind 2**31 of them 64 that are twice as large."""
    x = np.ones(MANY, np.float16)
    x[1::2] = -1
    x[2**31 :] *= 2
    return x


def assert_right(y, at, expected):
    np.testing.assert_allclose(y[at].astype(np.float64), expected, rtol=0, atol=2.0**-10)


def rstd(values):
    """Of so many values, all 1 in size but for 64 that are 2."""
    return 1 / np.sqrt((values - 64 + 64 * 4) / values + 1e-5)


def test_a_row_longer_than_2_to_the_31(values):
    x = values.reshape(1, -1)
    y, mean, scale = simdnorm.layer_norm_forward(x, MANY)
    assert abs(mean.item()) < 1e-9 and abs(scale.item() - rstd(MANY)) < 1e-6
    assert_right(y[0], slice(2), [1, -1])
    assert_right(y[0], slice(2**31 - 2, None), [1, -1, *[2, -2] * 32])
    # dbias would be a sum for each of them.
    dx, _, _ = simdnorm.layer_norm_backward(y, x, mean, scale, need=(True, False, False), out=y)
    assert_right(dx[0], slice(-64, None), np.array([2, -2] * 32) * rstd(MANY) * 1e-5)


def test_more_than_2_to_the_31_rows_elements(values):
    x = values.reshape(-1, 64)
    y = simdnorm.rms_norm(x, 64, eps=0.0, out=values.reshape(-1, 64))
    assert (y[-1] == np.resize([1, -1], 64)).all() and (y[0] == y[-1]).all()
    values[2**31 :] *= 2


def test_columns_of_more_than_2_to_the_31_elements(values):
    for x in (values.reshape(-1, 64), values.reshape(1, -1, 64)):
        count, mean, m2 = simdnorm.batch_norm_stats(x, channel_axis=-1)
        assert (count == MANY // 64).all() and (np.abs(mean) == 1 + 64 / MANY).all()
        np.testing.assert_allclose(m2, count * ((MANY // 64 + 3) / count - mean**2), rtol=1e-12)


def test_channels_of_more_than_2_to_the_31_elements(values):
    x = values.reshape(1, 2, -1)
    mean, var = np.zeros(2, np.float32), np.ones(2, np.float32)
    y = simdnorm.batch_norm(x, mean, var, training=True, momentum=1.0, out=x)
    half = MANY // 2
    np.testing.assert_allclose(var, [1, (half + 192) / half], rtol=1e-6)
    assert_right(y[0, 1], slice(-64, None), np.array([2, -2] * 32) * rstd(half))
    values[:] = 1
