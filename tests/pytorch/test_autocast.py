"""Autocast: networks of 16 bits whose norms have parameters of float32."""

import pytest
import torch
from torch import nn

import simdnorm.torch as st

SHAPE = (4, 8, 6, 5)
NORMS = {
    "LayerNorm": (5,),
    "RMSNorm": (5,),
    "GroupNorm": (2, 8),
    "InstanceNorm2d": (8, 1e-5, 0.1, True),
    "BatchNorm2d": (8,),
}


def step(module, name, dtype, mode):
    """Run a convolution, the norm and another in 16 bits; return the result and gradients."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(8, 8, 1), getattr(module, name)(*NORMS[name]).train(mode), nn.Conv2d(8, 8, 1))
    x = torch.randn(SHAPE, requires_grad=True)
    seen = []
    net[1].register_forward_hook(lambda _, inputs, y: seen.extend((inputs[0].dtype, y.dtype)))
    with torch.autocast("cpu", dtype=dtype):
        y = net(x)
    y.float().square().mean().backward()
    return seen, [y.detach(), x.grad, *(p.grad for p in net[1:].parameters())]  # those before nearly cancel out


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight:UserWarning")  # PyTorch's RMSNorm
@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NORMS)
def test_a_norm_between_convolutions_has_the_dtypes_of_pytorchs_and_its_results(name, dtype, mode):
    (seen, ours), (of_native, theirs) = (step(module, name, dtype, mode) for module in (st, nn))
    # PyTorch has some norms on autocast's list and widens their inputs; ours take 16 bits beside float32.
    assert seen[0] is of_native[0] is dtype
    assert seen[1] in (dtype, of_native[1])
    for a, b in zip(ours, theirs, strict=True):
        # Where PyTorch widens it leaves out some roundings, of which we have four; a norm spreads each over all.
        assert a.dtype is b.dtype
        allowed = 16 * torch.finfo(dtype).eps * b.abs().max()
        torch.testing.assert_close(a, b, rtol=0, atol=float(allowed))
