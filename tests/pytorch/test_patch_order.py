"""`patch` before and after what else is done to a model."""

import copy

import pytest
import torch
from torch import nn

import simdnorm.torch as st

X = torch.randn(4, 3, 8, generator=torch.Generator().manual_seed(0))


def close(a, b):
    # Means of 8 or 32 values, and a handful of operations on values of size 1 to 10 in each of three norms.
    torch.testing.assert_close(a, b, rtol=0, atol=3 * 32 * 10 * 2.0**-23)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 8), nn.RMSNorm(8), nn.BatchNorm1d(3))


ORDERS = {
    "load_state_dict": lambda net: net.load_state_dict({k: v.clone() for k, v in net.state_dict().items()}) and net,
    "to": lambda net: net.to(torch.float64).to(torch.float32),
    "compile": lambda net: torch.compile(net, backend="aot_eager"),
    "compile in place": lambda net: net.compile(backend="aot_eager") or net,
    "deepcopy": copy.deepcopy,
    "eval and train": lambda net: net.eval().train(),
}


# PyTorch's own warning, of compiling a norm whose input is not a leaf.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("other", ORDERS)
def test_the_order_of_patching_and_others_does_not_matter(other, after):
    expected = network()(X)
    net = network()
    if after:
        net = ORDERS[other](net)
        assert len(st.patch(net).swapped) == 3
    else:
        st.patch(net)
        net = ORDERS[other](net)
    for _ in range(2):
        close(net(X), expected)
    assert len(st.unpatch(net).swapped) == 3
    close(net(X), expected)


def test_part_of_a_model_is_patched_and_undone_alone():
    net = network()
    st.patch(net[3])
    assert list(st.patch(net).swapped) == ["1", "4"]
    st.unpatch(net[3])
    assert type(net[3]) is nn.RMSNorm and list(st.unpatch(net).swapped) == ["1", "4"]


def test_a_traced_network_is_patched_and_some_patched_ones_are_traced():
    expected = network()(X)
    traced = torch.fx.symbolic_trace(network())
    assert len(st.patch(traced).swapped) == 3
    close(traced(X), expected)
    rows = network()[:4]
    st.patch(rows)
    close(torch.fx.symbolic_trace(rows)(X), network()[:4](X))


@pytest.fixture
def alone(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("after", [True, False])
def test_distributed_data_parallel_comes_before_or_after(alone, after):
    net, expected = network(), network()
    if after:
        model = nn.parallel.DistributedDataParallel(net)
        assert list(st.patch(model).swapped) == ["module.1", "module.3", "module.4"]
    else:
        st.patch(net)
        model = nn.parallel.DistributedDataParallel(net)
    dy = torch.randn(X.shape, generator=torch.Generator().manual_seed(1))
    model(X).backward(dy)
    expected(X).backward(dy)
    for a, b in zip(net.parameters(), expected.parameters(), strict=True):
        # Sums over 12 rows, of which the first go through all norms.
        torch.testing.assert_close(a.grad, b.grad, rtol=0, atol=12 * 3 * 32 * 10 * 2.0**-23)
