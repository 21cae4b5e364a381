"""Modules are PyTorch's own in all but how they compute."""

import copy
import pickle

import pytest
import torch
from torch import nn

import simdnorm.torch as st

NORMS = {
    "LayerNorm": (((5, 4),), (3, 8, 5, 4)),
    "RMSNorm": (((5, 4),), (3, 8, 5, 4)),
    "GroupNorm": ((4, 8), (3, 8, 5, 4)),
    "BatchNorm1d": ((8,), (6, 8)),
    "BatchNorm2d": ((8,), (3, 8, 5, 4)),
    "BatchNorm3d": ((8,), (3, 8, 2, 5, 4)),
    "InstanceNorm1d": ((8, 1e-5, 0.1, True), (8, 9)),
    "InstanceNorm2d": ((8, 1e-5, 0.1, True, True), (3, 8, 5, 4)),
    "InstanceNorm3d": ((8, 1e-5, 0.1, True, True), (3, 8, 2, 5, 4)),
}
every_norm = pytest.mark.parametrize("name", NORMS)


def pair(name):
    """Ours and PyTorch's, with the same parameters, none of them 0 or 1."""
    arguments, shape = NORMS[name]
    theirs = getattr(nn, name)(*arguments).double()
    with torch.no_grad():
        for p in theirs.parameters():
            p.normal_()
    ours = getattr(st, name)(*arguments).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs, torch.randn(shape, dtype=torch.float64)


def check_alike(ours, theirs, x):
    # Means of at most 60 values of size 1 to 10, a handful of operations each.
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=60 * 10 * 2.0**-52)
    for a, b in zip(ours.buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=60 * 10 * 2.0**-52)


@every_norm
def test_a_module_trains_and_evaluates_as_pytorchs_does(name):
    ours, theirs, x = pair(name)
    assert isinstance(ours, getattr(nn, name))
    for _ in range(2):
        check_alike(ours.train(), theirs.train(), x)
    check_alike(ours.eval(), theirs.eval(), x)


@every_norm
def test_state_goes_both_ways(name):
    ours, theirs, x = pair(name)
    ours.train()(x)
    theirs.load_state_dict(ours.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    check_alike(ours.eval(), theirs.eval(), x)


@every_norm
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_computes_alike(name, copied):
    ours, _, x = pair(name)
    again = copied(ours.eval())
    assert type(again) is type(ours)
    assert torch.equal(again(x), ours(x))


def test_without_momentum_running_statistics_are_means_over_all_batches():
    ours, theirs = st.BatchNorm1d(8, momentum=None), nn.BatchNorm1d(8, momentum=None)
    for _ in range(3):
        x = torch.randn(6, 8)
        ours(x), theirs(x)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    assert ours.num_batches_tracked == 3


def test_one_value_a_channel_is_refused_and_nothing_moves():
    norm = st.BatchNorm1d(4)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        norm(torch.ones(1, 4))
    assert not norm.running_mean.any()


def test_distributed_data_parallel_averages_gradients(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(4, 4), st.LayerNorm(4), st.BatchNorm1d(4)))
        model(torch.randn(6, 4)).square().sum().backward()
    finally:
        torch.distributed.destroy_process_group()
    assert all(p.grad is not None for p in model.parameters())
