"""Inputs that are too small to be worth the way to the kernels are PyTorch's, unless results have to repeat."""

import pytest
import torch
from torch.nn import functional as native

import simdnorm.torch as snt
from simdnorm.torch._fit import SMALLEST, Smallest

COLUMNS = 64


def rows(count):
    # Where the mean is a thousand deviations, PyTorch's digits are others than ours.
    return torch.randn(count, COLUMNS, generator=torch.Generator().manual_seed(0)) + 1000


def layer_norm(module, x):
    return module.layer_norm(x, (COLUMNS,))


def rms_norm(module, x):
    return module.rms_norm(x, (COLUMNS,))


def add_layer_norm(module, x):
    if module is snt:
        return snt.add_layer_norm(x, x, (COLUMNS,))[0]
    return native.layer_norm(x + x, (COLUMNS,))


def add_rms_norm(module, x):
    if module is snt:
        return snt.add_rms_norm(x, x, (COLUMNS,))[0]
    return native.rms_norm(x + x, (COLUMNS,))


def group_norm(module, x):
    return module.group_norm(x.unflatten(1, (8, 8)), 4).flatten(1)


def instance_norm(module, x):
    return module.instance_norm(x.unflatten(1, (8, 8))).flatten(1)


def instance_norm_that_moves(module, x):
    return module.instance_norm(x.unflatten(1, (8, 8)), torch.zeros(8), torch.ones(8)).flatten(1)


def batch_norm(module, x):
    return module.batch_norm(x, None, None, training=True)


def batch_norm_of_16_bits(module, x):
    return module.batch_norm(x.bfloat16(), None, None, training=True)


def batch_norm_channels_last(module, x):
    x = x.view(-1, 4, 4, COLUMNS).permute(0, 3, 1, 2)
    return module.batch_norm(x, None, None, training=True).permute(0, 2, 3, 1).reshape(-1, COLUMNS)


def batch_norm_in_evaluation(module, x):
    return module.batch_norm(x, torch.full((COLUMNS,), 1000.0), torch.ones(COLUMNS))


@pytest.fixture
def nondeterministic():
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(
    ("norm", "name"),
    [
        (layer_norm, "layer_norm"),
        (rms_norm, "rms_norm"),
        (add_layer_norm, "add_layer_norm"),
        (add_rms_norm, "add_rms_norm"),
        (group_norm, "group_norm"),
        (instance_norm, "group_norm"),
        (instance_norm_that_moves, "group_norm"),
        (batch_norm, "batch_norm"),
        (batch_norm_of_16_bits, "batch_norm, 16 bits"),
        (batch_norm_channels_last, "batch_norm, channels last"),
        (batch_norm_in_evaluation, "batch_norm in evaluation"),
    ],
)
@pytest.mark.parametrize("way", ["inference", "training"])
def test_small_inputs_are_pytorchs_and_large_ones_ours(norm, name, way, nondeterministic):
    large = rows(getattr(SMALLEST[name], way) // COLUMNS)
    small = large[:-16].requires_grad_(way == "training")
    large = large.detach().requires_grad_(way == "training")
    assert torch.equal(norm(snt, small), norm(native, small))
    ours = norm(snt, large)
    assert not torch.equal(ours, norm(native, large))
    torch.use_deterministic_algorithms(True)
    assert torch.equal(ours, norm(snt, large))
    assert not torch.equal(norm(snt, small), norm(native, small))


@pytest.mark.parametrize("norm", [layer_norm, rms_norm, add_layer_norm, add_rms_norm, group_norm, instance_norm])
def test_deterministic_algorithms_give_a_row_the_same_bits_in_every_batch(norm):
    x = rows(1024)
    assert torch.equal(norm(snt, x)[7], norm(snt, x[7:8])[0])


def test_a_residual_that_needs_gradients_counts_as_training(nondeterministic, monkeypatch):
    x = rows(64)
    monkeypatch.setitem(SMALLEST, "add_layer_norm", Smallest(x.numel(), x.numel() + 1))
    expected = native.layer_norm(x + x, (COLUMNS,))
    assert not torch.equal(snt.add_layer_norm(x, x, (COLUMNS,))[0], expected)
    assert torch.equal(snt.add_layer_norm(x, x.clone().requires_grad_(), (COLUMNS,))[0], expected)
