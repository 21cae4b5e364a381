"""Tensors cross by pointer: nothing of full size is copied, and results lie as PyTorch's."""

import pytest
import torch
from torch.nn import functional as native

import simdnorm.torch as st
from simdnorm import _layouts

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
LAST = torch.channels_last
CALLS = {
    "layer_norm": lambda module, x: module.layer_norm(x, x.shape[-1:]),
    "rms_norm": lambda module, x: module.rms_norm(x, x.shape[-1:]),
    "group_norm": lambda module, x: module.group_norm(x, 2),
    "instance_norm": lambda module, x: module.instance_norm(x),
    "batch_norm": lambda module, x: module.batch_norm(x, None, None, training=True),
    "batch_norm in evaluation": lambda module, x: module.batch_norm(x, *running(x)),
}
NOT_DENSE = {
    "crop": lambda x: x[:, :, 1:5, 1:5],
    "every other channel": lambda x: x[:, ::2],
    "half of the channels": lambda x: x[:, :8],
    "some of all": lambda x: x[::2, 2:, 1:, ::3],
}


def running(x):
    wide = torch.promote_types(x.dtype, torch.float32)
    return torch.zeros(x.shape[1], dtype=wide), torch.ones(x.shape[1], dtype=wide)


def random(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("cut", NOT_DENSE)
@pytest.mark.parametrize("layout", [torch.contiguous_format, LAST])
@pytest.mark.parametrize("norm", CALLS)
def test_what_does_not_lie_densely_keeps_its_memory_format_as_with_pytorch(norm, layout, cut):
    x = NOT_DENSE[cut](random(4, 16, 9, 9).contiguous(memory_format=layout))
    y, expected = (CALLS[norm](module, x) for module in (st, native))
    if norm != "instance_norm":  # PyTorch's loses it; ours is that of group_norm
        assert y.stride() == expected.stride()
    # Means of at most 4 * 81 values of size 1 to 4, summed in other orders.
    torch.testing.assert_close(y, expected, rtol=0, atol=4 * 81 * 4 * 2.0**-24)
    x = x.detach().requires_grad_()
    assert CALLS[norm](st, x).stride() == y.stride()


@pytest.mark.parametrize("norm", CALLS)
def test_dense_volumes_keep_their_memory_format(norm):
    x = random(2, 4, 3, 5, 6).contiguous(memory_format=torch.channels_last_3d)
    kept = CALLS[norm](st, x).is_contiguous(memory_format=torch.channels_last_3d)
    assert kept == (norm != "layer_norm")


@pytest.mark.parametrize("layout", [torch.contiguous_format, LAST])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", ["group_norm", "instance_norm", "batch_norm", "batch_norm in evaluation"])
def test_nothing_of_full_size_is_copied_along_channels(norm, dtype, layout):
    x = random(2, 8, 5, 4, dtype=dtype).contiguous(memory_format=layout).requires_grad_()
    before = _layouts.copies_made
    y = CALLS[norm](st, x)
    y.backward(x.detach())
    assert _layouts.copies_made == before


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm"])
def test_nothing_of_full_size_is_copied_along_rows(norm, dtype):
    x = random(2, 8, 5, dtype=dtype).requires_grad_()
    before = _layouts.copies_made
    CALLS[norm](st, x).backward(x.detach())
    assert _layouts.copies_made == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_and_its_array_are_one_memory(dtype):
    from simdnorm.torch._arrays import array, parameter, tensor

    x = torch.nn.Parameter(random(3, 4, dtype=dtype))
    for seen in (array(x), parameter(x)):
        assert seen.__array_interface__["data"][0] == x.data_ptr() == tensor(seen).data_ptr()
        seen[1, 2] = 7
        assert x[1, 2] == 7
        x.data[1, 2] = 0
    kept = parameter(random(3, 4, dtype=dtype))
    assert kept.tobytes() == array(random(3, 4, dtype=dtype)).tobytes()  # it outlives its tensor
    assert parameter(x[:0]).shape == (0, 4) and parameter(x.t()).shape == (4, 3)


@pytest.mark.parametrize("norm", [st.LayerNorm(4), st.RMSNorm(4), st.GroupNorm(2, 8), st.BatchNorm1d(8)])
def test_memory_of_parameters_can_still_be_resized_as_sharded_training_does(norm):
    norm(random(3, 8, 4).requires_grad_()).sum().backward()
    norm.eval()(random(3, 8, 4))
    for p in norm.parameters():
        assert p.untyped_storage().resizable()
        p.untyped_storage().resize_(0)
