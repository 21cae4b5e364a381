"""`patch` swaps norms in place, tells what it did, and can be undone."""

import copy
import pickle

import pytest
import torch
from torch import nn

import simdnorm.torch as st


class Scaled(nn.LayerNorm):
    def forward(self, x):
        return 2 * super().forward(x)


class StrangeNorm(nn.Module):
    def forward(self, x):
        return x / x.abs().amax(-1, keepdim=True)


def model():
    torch.manual_seed(0)
    own = nn.LayerNorm(36)
    own.forward = lambda x: 3 * x
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8), nn.Flatten(2),
        nn.LayerNorm(36), nn.RMSNorm(36), Scaled(36), StrangeNorm(), own, st.LayerNorm(36),
    )  # fmt: skip


X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
SWAPPED = ["1", "3", "4", "6", "7"]
LEFT = ["8", "9", "10", "11"]


def test_the_report_names_what_was_swapped_and_why_the_rest_was_left():
    net = model()
    report = st.patch(net)
    assert list(report.swapped) == SWAPPED and list(report.left) == LEFT
    assert "subclass of LayerNorm" in report.left["8"]
    assert "not known" in report.left["9"]
    assert "forward of its own" in report.left["10"]
    assert "already" in report.left["11"]
    assert "swapped 5 norm(s), left 4" in str(report) and "  left     8: Scaled" in str(report)


def test_what_a_model_is_made_of_stays():
    net, seen = model(), []

    def made_of():
        return [*net.modules()], [*net.parameters()], [*net.buffers()], [*net.state_dict()]

    net[6].register_forward_hook(lambda *_: seen.append("hook"))
    before = made_of()
    expected = copy.deepcopy(net)(X)
    st.patch(net)
    for was, now in zip(before, made_of(), strict=True):
        assert all(a is b or a == b for a, b in zip(was, now, strict=True))
    assert isinstance(net[1], nn.BatchNorm2d)
    # A chain of norms of values of size 1: each rounds a handful of times, and the last is scaled by 6.
    torch.testing.assert_close(net(X), expected, rtol=0, atol=6 * 64 * 2.0**-24 * 8)
    assert seen == ["hook"] * 2


def test_a_dry_run_only_tells():
    net = model()
    assert list(st.patch(net, dry_run=True).swapped) == SWAPPED
    assert type(net[1]) is nn.BatchNorm2d


def test_unpatch_undoes_what_patch_did_and_nothing_else():
    net = model()
    types = [type(m) for m in net.modules()]
    st.patch(net)
    assert list(st.unpatch(net).swapped) == SWAPPED
    assert [type(m) for m in net.modules()] == types
    assert not st.unpatch(net).swapped


def test_patching_twice_changes_nothing():
    net = model()
    st.patch(net)
    types = [type(m) for m in net.modules()]
    again = st.patch(net)
    assert not again.swapped and "already" in again.left["1"]
    assert [type(m) for m in net.modules()] == types


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_of_a_patched_model_are_patched(copied):
    net = nn.Sequential(nn.LayerNorm(8), nn.BatchNorm1d(8))
    st.patch(net)
    again = copied(net)
    assert [type(m) for m in again] == [type(m) for m in net]
    assert list(st.unpatch(again).swapped) == ["0", "1"]


def test_a_module_with_two_names_is_swapped_once():
    shared = nn.LayerNorm(8)
    net = nn.ModuleDict({"a": shared, "b": shared})
    assert list(st.patch(net).swapped) == ["a"]
    assert net["a"] is net["b"]


def test_a_model_that_is_a_norm_is_swapped():
    norm = nn.LayerNorm(8)
    assert list(st.patch(norm).swapped) == [""]
    assert "(the model)" in str(st.unpatch(norm))


def test_a_class_that_was_registered_is_swapped_by_its_exact_type(monkeypatch):
    from simdnorm.torch import _swapped

    monkeypatch.setitem(_swapped.FORWARDS, _swapped.full_name(StrangeNorm), None)
    st.register(StrangeNorm, lambda module, x: 0 * x)
    net = nn.Sequential(StrangeNorm())
    assert list(st.patch(net).swapped) == ["0"]
    assert not net(torch.ones(2, 3)).any()
    st.register(StrangeNorm, lambda module, x: 2 * x)
    assert (net(torch.ones(2, 3)) == 2).all()
    st.unpatch(net)
    assert net(torch.ones(2, 3)).all()


def test_a_patched_model_compiles_to_one_graph():
    net = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.BatchNorm1d(8))
    expected = net(X.reshape(-1, 8))
    st.patch(net)
    y = torch.compile(net, fullgraph=True, backend="aot_eager")(X.reshape(-1, 8))
    torch.testing.assert_close(y, expected, rtol=0, atol=64 * 2.0**-24 * 8)
