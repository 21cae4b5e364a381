"""What a norm returns may be changed in place where gradients are recorded, however large it is."""

import pytest
import torch
from torch import nn

import simdnorm.torch as st

LARGE = (2, 64, 128, 128)
"""8 MiB and more in every dtype: made of memory that is recycled, and written past the caches."""
DTYPES = [torch.float32, torch.bfloat16]
LAYOUTS = [torch.contiguous_format, torch.channels_last]
NORMS = {
    "LayerNorm": lambda: st.LayerNorm(128),
    "RMSNorm": lambda: st.RMSNorm(128),
    "GroupNorm": lambda: st.GroupNorm(8, 64),
    "InstanceNorm2d": lambda: st.InstanceNorm2d(64, affine=True),
    "BatchNorm2d": lambda: st.BatchNorm2d(64),
    "BatchNorm2d in evaluation": lambda: st.BatchNorm2d(64).eval(),
}


def inputs(dtype, layout):
    generator = torch.Generator().manual_seed(0)
    shape = LARGE if dtype is torch.float32 else (2 * LARGE[0], *LARGE[1:])
    x, z = (torch.randn(shape, generator=generator).to(dtype).contiguous(memory_format=layout) for _ in range(2))
    return x, z


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NORMS)
def test_a_large_result_is_changed_in_place_and_differentiated(name, dtype, layout):
    x, z = inputs(dtype, layout)
    norm = NORMS[name]().to(dtype)
    gradients = []
    for in_place in (False, True):
        x_ = x.detach().requires_grad_()
        y = norm(x_)
        assert y._base is None
        if in_place:
            y += z
            y = nn.ReLU(inplace=True)(y)
        else:
            y = torch.relu(y + z)
        gradients.append(torch.autograd.grad(y, [x_, *norm.parameters()], z))
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sum_is_changed_in_place_where_nothing_needs_it_as_it_was(dtype):
    x, residual = (torch.randn(4, 8, dtype=dtype, requires_grad=True) for _ in range(2))
    y, summed = st.add_layer_norm(x, residual, (8,))
    y *= 2
    summed += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()  # as PyTorch says of its own
