"""BatchNorm in parts, over shares of a batch, is the BatchNorm of the whole."""

import numpy as np
import pytest

import simdnorm
from norms import DTYPES, FLOAT32, MASKS, SPEC, assert_within_bound, each_dtype
from simdnorm._selfcheck.data import KINDS
from simdnorm._selfcheck.norms import BATCH_NORM

CUTS = [3, 3, 8]  # shares of 3, 0, 5 and 4 samples

# Not float64 far from 0: a float64 mean cannot say where such data is centred more exactly than the data itself.
DATA = [(dtype, kind) for dtype in DTYPES for kind in (KINDS if dtype.itemsize < 8 else ("random", "wide"))]


@pytest.mark.parametrize("mask", [None, *MASKS])
@pytest.mark.parametrize(("dtype", "kind"), DATA, ids=str)
def test_shares_together_keep_the_bound_of_the_whole(isa, dtype, kind, mask):
    case = BATCH_NORM.case((12, 5, 7), dtype, kind, mask=mask)
    whole = np.broadcast_to(True if mask is None else case.mask, case.x.shape)
    xs, dys, masks = (np.split(a, CUTS) for a in (case.x, case.dy, whole))
    masks = [None] * len(xs) if mask is None else masks
    stats = [simdnorm.batch_norm_stats(x, mask=m) for x, m in zip(xs, masks, strict=True)]
    count, mean, m2 = simdnorm.merge_stats(*stats)
    rstd = 1 / np.sqrt(m2 / count + case.eps)
    assert_within_bound({"count": count, "mean": mean, "m2": m2}, SPEC["batch_norm_stats"].expected(case))

    y = np.concatenate([simdnorm.batch_norm_apply(x, mean, rstd, case.weight, case.bias) for x in xs])
    y = np.where(whole, y, y.dtype.type(0))  # apply knows no mask: what it leaves out is the caller's to choose
    shares = list(zip(dys, xs, masks, strict=True))
    sums = [simdnorm.batch_norm_backward_sums(dy, x, mean, rstd, mask=m) for dy, x, m in shares]
    sum_dy, sum_dy_xhat = (np.sum(part, axis=0) for part in zip(*sums, strict=True))
    totals = case.weight, sum_dy, sum_dy_xhat, count
    dx = [simdnorm.batch_norm_backward_apply(dy, x, mean, rstd, *totals, mask=m) for dy, x, m in shares]
    assert_within_bound({"y": y}, SPEC["batch_norm"].expected(case))
    gradients = {"dx": np.concatenate(dx), "dweight": sum_dy_xhat.astype(dtype), "dbias": sum_dy.astype(dtype)}
    assert_within_bound(gradients, SPEC["batch_norm_backward"].expected(case))


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
    "convert",
    [lambda c: c.astype(np.int32), lambda c: c.astype(np.float64), lambda c: c.astype("u8"), lambda c: c.astype("f2")],
)
def test_counts_may_be_whole_numbers_of_any_type(isa, convert):
    case = BATCH_NORM.case((4, 3), FLOAT32)
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
    case = BATCH_NORM.case((4, 3), FLOAT32)
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
