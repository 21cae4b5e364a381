"""torch.compile and torch.export: fused functions, modules, patched models, dynamic shapes, and once with inductor."""

import shutil

import pytest
import torch
import torch._inductor.config
from torch import nn

import simdnorm.torch as st
from pytorch.calls import CALLS, call, operands


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True),
        nn.LayerNorm(5), nn.RMSNorm(5), nn.Conv2d(8, 4, 1), nn.BatchNorm2d(4),
    ).double()  # fmt: skip


def step(net, forward, x):
    """Return what a step of training leaves: the result, gradients and running statistics."""
    net.zero_grad()
    y = forward(x)
    y.backward(random(*y.shape, seed=9))
    return y.detach(), *(p.grad for p in net.parameters()), *(b.clone() for b in net.buffers())


def check_alike(found, expected):
    # Sums of at most 4 * 30 * 8 terms after six norms: rounding, in another order.
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=4 * 30 * 8 * 100 * 2.0**-52)


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_compiled_patched_network_trains_as_it_did(dynamic):
    own, compiled = network(), network()
    assert len(st.patch(compiled).swapped) == 6
    forward = torch.compile(compiled, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for i, batch in enumerate((4, 4, 3, 2) if dynamic else (4, 4)):
        x = random(batch, 3, 6, 5, seed=i)
        check_alike(step(compiled, forward, x), step(own, own, x))


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("norm", [norm for norm in CALLS if norm != "batch_norm in evaluation"])
def test_functions_are_traced_symbolically_as_pytorchs(norm, deterministic):
    torch.use_deterministic_algorithms(deterministic)
    given = operands(norm, grad=False)
    traced = torch.fx.symbolic_trace(lambda x, w, b: call(norm)(x, w, b))
    check_alike([traced(*given)], [call(norm)(*given)])


def test_a_compiler_gets_pytorchs_norms_to_fuse_unless_results_have_to_repeat():
    net = network()
    st.patch(net)
    for repeat in (False, True):
        torch.use_deterministic_algorithms(repeat)
        found = []

        def backend(graph, _):
            found.extend(str(node.target) for node in graph.graph.nodes)  # noqa: B023
            return graph.forward

        torch.compiler.reset()
        torch.compile(net, fullgraph=True, backend=backend)(random(4, 3, 6, 5))
        assert any("simdnorm" in target for target in found) == repeat


@pytest.mark.skipif(shutil.which("c++") is None and shutil.which("g++") is None, reason="inductor needs a compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_inductor_compiles_a_patched_network(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(torch._inductor.config, "cpp_cache_precompile_headers", False)  # for one kernel it takes long
    net = nn.Sequential(nn.LayerNorm(8), nn.ReLU(), nn.BatchNorm1d(8)).double().eval()
    with torch.no_grad():
        expected = net(random(6, 8))
        st.patch(net)
        check_alike([torch.compile(net, fullgraph=True)(random(6, 8))], [expected])


@pytest.mark.parametrize("patched", [True, False])
def test_a_network_is_exported(patched):
    net = network().eval()
    x = random(4, 3, 6, 5)
    expected = net(x)
    st.patch(net)
    if not patched:
        net = nn.Sequential(st.LayerNorm(5).double(), st.BatchNorm2d(3).double().eval())
        expected = net(x)
    program = torch.export.export(net, (x,))
    targets = [str(node.target) for node in program.graph.nodes]
    assert sum("simdnorm" in target for target in targets) == (6 if patched else 2)
    check_alike([program.module()(x)], [expected])


def test_an_exported_network_takes_batches_of_other_sizes():
    net = network().eval()
    st.patch(net)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(net, (random(4, 3, 6, 5),), dynamic_shapes=({0: batch},))
    check_alike([program.module()(random(7, 3, 6, 5))], [net(random(7, 3, 6, 5))])


@pytest.mark.parametrize("dynamic", [False, True])
def test_crops_of_channels_last_memory_keep_their_strides_when_compiled(dynamic):
    def crop(x):
        return st.group_norm(x[:, ::2, 1:], 2) + st.rms_norm(x[:, ::2, 1:], x.shape[-1:])

    compiled = torch.compile(crop, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for size in (4, 6):
        x = random(2, 8, size, size + 1).contiguous(memory_format=torch.channels_last)
        assert torch.equal(compiled(x), crop(x)) and compiled(x).stride() == crop(x).stride()
