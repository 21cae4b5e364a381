"""A network trains as it did before it was patched."""

import torch
from torch import nn

import simdnorm.torch as snt

STEPS = 20


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 3), nn.GroupNorm(4, 16), nn.ReLU(),
        nn.Conv2d(16, 16, 3), nn.InstanceNorm2d(16, affine=True), nn.ReLU(),
        nn.Flatten(), nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 64), nn.RMSNorm(64), nn.Linear(64, 10),
    )  # fmt: skip


def losses(net):
    generator = torch.Generator().manual_seed(1)
    dtype = next(net.parameters()).dtype
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(STEPS):
        x = torch.randn(16, 3, 8, 8, generator=generator).to(dtype)
        target = torch.randint(10, (16,), generator=generator)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), target)
        loss.backward()
        optimizer.step()
        yield loss.item()


def test_losses_of_a_patched_network_are_as_near_to_those_of_double_precision_as_pytorchs():
    exact, own = list(losses(network().double())), list(losses(network()))
    patched = network()
    assert len(snt.patch(patched).swapped) == 5
    ours = list(losses(patched))
    # Training carries on every rounding of every layer, of which the norms are but some: both runs go astray alike, in
    # directions of their own. What is not rounding is a hundred times larger.
    allowed = 4 * max(abs(a - b) for a, b in zip(own, exact, strict=True))
    assert max(abs(a - b) for a, b in zip(ours, exact, strict=True)) <= allowed
    assert allowed < 1e-3 * exact[0]
