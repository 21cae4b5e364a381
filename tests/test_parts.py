"""BatchNorm in parts, over shares of a batch, is the BatchNorm of the whole."""

import numpy as np
import pytest

import simdnorm
from norms import assert_within_bound, each_dtype
from simdnorm._selfcheck import expected
from simdnorm._selfcheck.cases import batch_norm_case
from simdnorm._selfcheck.data import KINDS

CUTS = [3, 3, 8]  # shares of 3, 0, 5 and 4 samples


def _stats(shares):
    count, mean, m2 = simdnorm.merge_stats(*(simdnorm.batch_norm_stats(x) for x in shares))
    return count, mean, 1 / np.sqrt(m2 / count + 1e-5), m2


@pytest.mark.parametrize(
    ("dtype", "kind"),
    # Not float64 far from 0: a float64 mean cannot say where such data is centred more exactly than the data itself.
    [("f4", kind) for kind in KINDS] + [("f8", "random"), ("f8", "wide")],
)
def test_shares_together_keep_the_bound_of_the_whole(isa, dtype, kind):
    case = batch_norm_case((12, 5, 7), np.dtype(dtype), kind)
    shares, gradients = np.split(case.x, CUTS), np.split(case.dy, CUTS)
    count, mean, rstd, m2 = _stats(shares)
    assert_within_bound({"count": count, "mean": mean, "m2": m2}, expected.statistics(case))

    y = np.concatenate([simdnorm.batch_norm_apply(x, mean, rstd, case.weight, case.bias) for x in shares])
    sums = [simdnorm.batch_norm_backward_sums(dy, x, mean, rstd) for dy, x in zip(gradients, shares, strict=True)]
    sum_dy, sum_dy_xhat = (np.sum(part, axis=0) for part in zip(*sums, strict=True))
    dx = np.concatenate(
        [
            simdnorm.batch_norm_backward_apply(dy, x, mean, rstd, case.weight, sum_dy, sum_dy_xhat, count)
            for dy, x in zip(gradients, shares, strict=True)
        ]
    )
    assert_within_bound({"y": y}, expected.inference(case))
    assert_within_bound(
        {"dx": dx, "dweight": sum_dy_xhat.astype(dtype), "dbias": sum_dy.astype(dtype)}, expected.backward(case)
    )


def test_an_empty_share_changes_nothing(isa):
    stats = simdnorm.batch_norm_stats(np.random.default_rng(0).normal(1e6, 1, (9, 3)))
    empty = simdnorm.batch_norm_stats(np.empty((0, 3)))
    assert [part.tolist() for part in empty] == [[0] * 3, [0.0] * 3, [0.0] * 3]
    for merged in (simdnorm.merge_stats(stats, empty), simdnorm.merge_stats(empty, stats), simdnorm.merge_stats(stats)):
        for part, whole in zip(merged, stats, strict=True):
            np.testing.assert_array_equal(part, whole)
    for part, whole in zip(simdnorm.merge_stats(empty, empty), empty, strict=True):
        np.testing.assert_array_equal(part, whole)


@each_dtype
def test_statistics_are_int64_and_float64(isa, dtype):
    stats = simdnorm.batch_norm_stats(np.ones((3, 2, 5), dtype))
    assert [part.dtype for part in stats] == [np.int64, np.float64, np.float64]
    assert [part.dtype for part in simdnorm.merge_stats(stats, stats)] == [np.int64, np.float64, np.float64]
    np.testing.assert_array_equal(stats[0], [15, 15])


def test_shares_of_equal_values_merge_to_no_spread(isa):
    stats = simdnorm.batch_norm_stats(np.full((7, 2), 0.1))
    _, mean, m2 = simdnorm.merge_stats(stats, stats, stats)
    assert (mean == 0.1).all() and (m2 == 0).all()


@pytest.mark.parametrize(
    "convert", [lambda c: c.astype(np.int32), lambda c: c.astype(np.float64), lambda c: c.astype("u8")]
)
def test_counts_may_be_whole_numbers_of_any_type(isa, convert):
    case = batch_norm_case((4, 3), np.dtype(np.float32))
    sums = np.zeros(3)
    count = np.array([4, 5, 6])
    arguments = case.dy, case.x, case.mean, case.rstd, case.weight, sums, sums
    np.testing.assert_array_equal(
        simdnorm.batch_norm_backward_apply(*arguments, convert(count)),
        simdnorm.batch_norm_backward_apply(*arguments, count),
    )


@pytest.mark.parametrize(
    ("count", "error"),
    [([4, 4, 4], TypeError), (4, TypeError), (np.array(["4"] * 3), TypeError), (np.array([4, 4, 3]), ValueError),
     (np.array([4, 4, 4.5]), ValueError), (np.array([4, 4, np.nan]), ValueError), (np.array([4, 4]), ValueError),
     (np.array([4, 4, 2**63], np.uint64), ValueError)],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(isa, count, error):
    case = batch_norm_case((4, 3), np.dtype(np.float32))
    with pytest.raises(error, match="count"):
        simdnorm.batch_norm_backward_apply(
            case.dy, case.x, case.mean, case.rstd, case.weight, np.zeros(3), np.zeros(3), count
        )


def test_shares_that_do_not_fit_together_are_refused(isa):
    good, other = simdnorm.batch_norm_stats(np.ones((4, 3))), simdnorm.batch_norm_stats(np.ones((4, 2)))
    with pytest.raises(ValueError, match="share 1 has 2 channels, expected 3"):
        simdnorm.merge_stats(good, other)
    with pytest.raises(ValueError, match="got none"):
        simdnorm.merge_stats()
    with pytest.raises(ValueError, match=r"share 1 must be \(count, mean, m2\), got 2 values"):
        simdnorm.merge_stats(good, good[:2])
    with pytest.raises(TypeError, match="share 0"):
        simdnorm.merge_stats(3)
    with pytest.raises(ValueError, match=r"mean of share 0 has shape \(2,\), expected \(3,\)"):
        simdnorm.merge_stats((good[0], other[1], good[2]))
    with pytest.raises(ValueError, match="count of share 0"):
        simdnorm.merge_stats((-good[0], *good[1:]))
