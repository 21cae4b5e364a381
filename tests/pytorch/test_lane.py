"""The lane for tensors: one call of C++ gives what the way through arrays gives, and leaves what is not plain to it."""

import pytest
import torch
from torch import nn

import simdnorm.torch as st
from pytorch.calls import CALLS, MEAN, VAR, random
from simdnorm import _backend
from simdnorm.torch._batches import batch_norm, batch_norm_apply
from simdnorm.torch._groups import group_norm
from simdnorm.torch._lane import LANE
from simdnorm.torch._rows import row_norm

TABLE = getattr(torch.Tensor, "__dlpack_c_exchange_api__", None)
pytestmark = [
    pytest.mark.skipif(TABLE is None, reason="this PyTorch offers no table of C functions"),
    pytest.mark.skipif(_backend.name != "native", reason="the NumPy backend has no lane"),
]

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
LAYOUTS = [torch.contiguous_format, torch.channels_last]
ALONG_CHANNELS = {"group_norm", "instance_norm", "batch_norm", "batch_norm in evaluation"}

EXPRESS = {
    "layer_norm": lambda x: row_norm.express(x, None, x.shape[-1:], None, None, 1e-5, True),
    "rms_norm": lambda x: row_norm.express(x, None, x.shape[-1:], None, None, 1e-5, False),
    "add_layer_norm": lambda x: row_norm.express(x, x, x.shape[-1:], None, None, 1e-5, True),
    "add_rms_norm": lambda x: row_norm.express(x, x, x.shape[-1:], None, None, 1e-5, False),
    "group_norm": lambda x: group_norm.express(x, 2, None, None, 1e-5),
    "batch_norm": lambda x: batch_norm.express(x, None, None, 1e-5, (None, None), 0.1),
    "batch_norm in evaluation": lambda x: batch_norm_apply.express(x, *running(x), None, None, 1e-5),
}


def running(x):
    wide = torch.promote_types(x.dtype, torch.float32)
    return MEAN.to(wide), VAR.to(wide)


def results(norm, operands):
    """The outcome of a call and its gradients, and how they lie."""
    y = CALLS[norm][0](st, *operands)
    dy = random(*y.shape, seed=5).to(y.dtype)
    found = y, *torch.autograd.grad(y, operands, dy, allow_unused=True)
    return [None if t is None else (t.detach().clone(), t.stride(), t.dtype) for t in found]


def through_arrays(norm, operands):
    """The same, while nothing is a tensor to the lane."""
    LANE.introduce(int, int, TABLE)
    try:
        return results(norm, operands)
    finally:
        LANE.introduce(torch.Tensor, nn.Parameter, TABLE)


def operands(norm, dtype, of_parameters, layout):
    x = random(3, 4, 2, 2).to(dtype).contiguous(memory_format=layout)
    shape = CALLS[norm][1]
    return [x.requires_grad_(), *(random(*shape, seed=i).to(of_parameters).requires_grad_() for i in (1, 2))]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", CALLS)
def test_the_lane_gives_the_bits_of_the_way_through_arrays(norm, dtype, layout):
    for of_parameters in {dtype, torch.float32} if dtype.itemsize == 2 else {dtype}:
        given = operands(norm, dtype, of_parameters, layout)
        for a, b in zip(results(norm, given), through_arrays(norm, given), strict=True):
            assert (a is None) == (b is None)
            assert a is None or (a[1:] == b[1:] and torch.equal(a[0], b[0]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", EXPRESS)
def test_the_lane_takes_what_is_plain(norm, dtype):
    x = random(3, 4, 2, 2).to(dtype)
    assert EXPRESS[norm](x) is not None
    assert EXPRESS[norm](x.requires_grad_())[0].requires_grad
    last = x.detach().contiguous(memory_format=torch.channels_last)
    assert (EXPRESS[norm](last) is not None) == (norm in ALONG_CHANNELS)


class Kept(torch.Tensor):
    """A subclass, which may compute in a way of its own."""


NOT_PLAIN = {
    "a subclass": lambda x: x.as_subclass(Kept),
    "another device": lambda x: x.to("meta"),
    "not dense": lambda x: torch.cat([x, x], 3)[..., :2],
    "integers": lambda x: x.int(),
    "empty": lambda x: x[:0],
    "negated": lambda x: negated(x),
    "misaligned": lambda x: torch.frombuffer(bytearray(4 * x.numel() + 1), dtype=torch.float32, offset=1).view(x.shape),
}


def negated(x):
    """The values of `x`, dense, whose negatives lie in memory."""
    y = torch.complex(torch.zeros(2 * x.numel()), torch.zeros(2 * x.numel())).conj().imag
    y = y.as_strided(x.shape, x.stride())
    assert y.is_neg()
    return y.copy_(x)


@pytest.mark.parametrize("kind", NOT_PLAIN)
@pytest.mark.parametrize("norm", EXPRESS)
def test_the_lane_leaves_what_is_not_plain(norm, kind):
    x = random(3, 4, 2, 2).float()
    given = NOT_PLAIN[kind](x)
    before = given.clone() if kind != "another device" else given
    assert EXPRESS[norm](given) is None
    assert kind == "another device" or torch.equal(given, before)


@pytest.mark.parametrize("norm", CALLS)
def test_what_lies_in_memory_as_its_negative_is_normalized_as_what_it_is(norm):
    x, *parameters = (t.detach().float() for t in operands(norm, torch.float32, torch.float32, torch.contiguous_format))
    expected = CALLS[norm][0](st, x, *parameters)
    assert torch.equal(CALLS[norm][0](st, negated(x), *parameters), expected)
    assert torch.equal(CALLS[norm][0](st, x, *map(negated, parameters)), expected)


def test_what_the_lane_moves_is_seen_by_autograd():
    norm = st.BatchNorm1d(4)
    x = random(8, 4).float().requires_grad_()
    constant = norm.eval()(x)
    norm.train()(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        constant.sum().backward()  # it has saved running statistics that have moved since


@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_running_statistics_move_as_those_of_pytorch(dtype, inference):
    ours, own = st.BatchNorm2d(4).to(dtype), nn.BatchNorm2d(4).to(dtype)
    versions = [statistic._version for statistic in (ours.running_mean, ours.running_var)]
    with torch.inference_mode(inference):
        for i in range(3):
            x = random(3, 4, 2, 2, seed=i).to(dtype)
            given = x, None, None, 1e-5, (ours.running_mean, ours.running_var), 0.1
            assert batch_norm.express(*given) is not None
            own(x)
    found, expected = (ours.running_mean, ours.running_var), (own.running_mean, own.running_var)
    for a, b, version in zip(found, expected, versions, strict=True):
        # Each of three moves rounds a sum of two products, of numbers below 4; PyTorch's rounds each product first.
        torch.testing.assert_close(a, b, rtol=0, atol=3 * 3 * 4 * torch.finfo(dtype).eps / 2)
        assert a._version > version


def test_nothing_has_moved_where_gradients_can_not_be_kept():
    norm = st.BatchNorm1d(4)
    with torch.inference_mode():
        x = random(8, 4).float()
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved"):
        norm(x)
    assert (norm.running_mean == 0).all() and (norm.running_var == 1).all()


def test_running_statistics_that_overlap_are_left_to_the_checks():
    shared = torch.zeros(4)
    x = random(8, 4).float()
    assert batch_norm.express(x, None, None, 1e-5, (shared, shared), 0.1) is None and (shared == 0).all()
    assert batch_norm.express(x, None, None, 1e-5, (torch.zeros(4), None), 0.1) is None


def test_memory_of_large_results_comes_back():
    _backend.kernels.return_blocks()
    used = _backend.kernels.held_blocks()["used_bytes"]
    x = torch.randn(1024, 1024, requires_grad=True)
    y = st.layer_norm(x, (1024,))
    assert y.data_ptr() % 64 == 0 and _backend.kernels.held_blocks()["used_bytes"] == used + 4 * 2**20
    view = y.detach()[5:7]
    y.sum().backward()
    del y
    assert _backend.kernels.held_blocks()["used_bytes"] == used + 8 * 2**20  # a view, and the gradient of x
    assert torch.isfinite(view).all()
    del view, x
    assert _backend.kernels.held_blocks()["used_bytes"] == used


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError):
        LANE.introduce(torch.Tensor, nn.Parameter, torch.utils.dlpack.to_dlpack(torch.zeros(1)))
    assert EXPRESS["layer_norm"](torch.ones(2, 3)) is not None


def test_instances_are_moved_by_both_running_statistics_or_none():
    with pytest.raises(ValueError, match="must either both be None or neither be None"):
        st.instance_norm(random(3, 4, 8).float(), torch.zeros(4), None)
