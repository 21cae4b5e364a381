"""Large results are written past the caches in whole lines, wherever rows and masks begin and end amid one.

A sample alone stays in the caches: its bits are known from there.
"""

import numpy as np
import pytest

import simdnorm
from norms import NATIVE_ISAS, assert_same, each_dtype, needs_native

SAMPLES, ARRAY_BYTES = 3, 9 * 2**20  # together past the caches, even of 16 bits; alone not


def whole_and_alone(norm, *arrays, **options):
    """The first result for all samples, and those of each sample by itself."""
    alone = [norm(*(a[s : s + 1] for a in arrays), **options)[0] for s in range(SAMPLES)]
    return norm(*arrays, **options)[0], np.concatenate(alone)


@needs_native
@pytest.mark.parametrize("name", NATIVE_ISAS)
@each_dtype
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("channels", [18, 20, 24, 40])  # of which only several rows are whole lines
def test_channels_last_have_the_bits_of_a_sample_in_the_caches(name, dtype, masked, channels):
    rows = ARRAY_BYTES // (SAMPLES * channels * dtype.itemsize)
    shape = (SAMPLES, rows // 16 * 16 + 1, channels)  # one row remains, amid a line and shorter than what is left of it
    rng = np.random.default_rng(channels)
    x, dy = (np.resize(rng.standard_normal(2**16 - 1), shape).astype(dtype) for _ in range(2))
    options = {"channel_axis": -1}
    if masked:  # lines that are not evenly apart, and the same for all samples
        options["mask"] = (np.arange(shape[1]) % 7 != 0)[:, np.newaxis]
    with simdnorm.use_isa(name):
        assert_same(*whole_and_alone(simdnorm.instance_norm_forward, x, **options), "y")
        _, mean, rstd = simdnorm.instance_norm_forward(x, **options)
        assert_same(*whole_and_alone(simdnorm.instance_norm_backward, dy, x, mean, rstd, **options), "dx")
