"""What patchers got wrong elsewhere: signatures, attributes, look-alikes, changed classes."""

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

import simdnorm.torch as st
from simdnorm.torch import _swapped

X = torch.randn(4, 3, 8, generator=torch.Generator().manual_seed(0))


class OwnRMSNorm(nn.Module):
    """As Hugging Face writes them."""

    def __init__(self, size, eps=1e-6):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, hidden_states):
        return self.weight * hidden_states * torch.rsqrt(hidden_states.square().mean(-1, keepdim=True) + self.eps)


class CentredRMSNorm(OwnRMSNorm):
    """A LayerNorm by another name."""

    def forward(self, hidden_states):
        return super().forward(hidden_states - hidden_states.mean(-1, keepdim=True))


class GemmaRMSNorm(OwnRMSNorm):
    """Whose weight is kept less one."""

    def forward(self, hidden_states):
        return super().forward(hidden_states) * (1 + 1 / self.weight)


class FrozenBatchNorm2d(nn.Module):
    pass


class PreNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(_swapped.FORWARDS, _swapped.full_name(OwnRMSNorm), None)
    st.register(OwnRMSNorm, lambda module, x: st.rms_norm(x, module.weight.shape, module.weight, module.eps))


def close(a, b):
    # A mean of 8 squares, and a handful of operations on values of size 1 to 10.
    torch.testing.assert_close(a, b, rtol=0, atol=8 * 10 * 2.0**-23)


def test_a_registered_class_is_called_as_it_was_and_is_what_it_was(registered):
    norm = OwnRMSNorm(8)
    expected = norm(X)
    signature = inspect.signature(norm.forward)
    st.patch(norm)
    close(norm(X), expected)
    close(norm(hidden_states=X), expected)
    assert inspect.signature(norm.forward) == signature and isinstance(norm, OwnRMSNorm)
    with pytest.raises(TypeError):
        norm(unknown=X)
    compiled = torch.compile(lambda x: norm(hidden_states=x), fullgraph=True, backend="aot_eager")
    close(compiled(X), expected)


def test_look_alikes_are_left(registered):
    net = nn.Sequential(OwnRMSNorm(8), CentredRMSNorm(8), GemmaRMSNorm(8))
    expected = net(X)
    report = st.patch(net)
    assert list(report.swapped) == ["0"] and list(report.left) == ["1", "2"]
    close(net(X), expected)


@pytest.mark.parametrize("kind", [nn.LayerNorm, OwnRMSNorm])
def test_a_class_whose_forward_somebody_replaced_is_left(registered, monkeypatch, kind):
    monkeypatch.setattr(kind, "forward", lambda self, x: 3 * x)
    norm = kind(8)
    assert "not the one that it was defined with" in st.patch(norm).left[""]
    assert torch.equal(norm(X), 3 * X)


def test_a_class_registered_by_its_name_is_left_where_its_forward_was_replaced(registered, monkeypatch):
    monkeypatch.delitem(_swapped.own_forwards, OwnRMSNorm)
    assert st.patch(OwnRMSNorm(8), dry_run=True).swapped
    monkeypatch.setattr(OwnRMSNorm, "forward", lambda self, x: 3 * x)
    assert st.patch(OwnRMSNorm(8)).left


def test_the_report_names_norms_that_are_not_known():
    net = nn.ModuleDict({
        "frozen": FrozenBatchNorm2d(), "lazy": nn.LazyBatchNorm1d(), "sync": nn.SyncBatchNorm(8),
        "ours": st.SyncBatchNorm(8), "response": nn.LocalResponseNorm(2), "pre": PreNorm(),
        "weights": nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)),
    })  # fmt: skip
    report = st.patch(net)
    assert list(report.swapped) == ["pre.norm"]
    assert list(report.left) == ["frozen", "lazy", "sync", "ours", "response"]
    for name, why in {
        "lazy": "after the first",
        "sync": "convert_sync_batchnorm",
        "ours": "simdnorm's already",
    }.items():
        assert why in report.left[name]
    net["lazy"](X.flatten(1))
    assert "lazy" in st.patch(net).swapped


@pytest.mark.parametrize("kind", [nn.LayerNorm, nn.RMSNorm, nn.BatchNorm1d, lambda n: nn.GroupNorm(2, n)])
def test_attributes_and_what_is_printed_stay(kind):
    norm = kind(8)
    attributes, printed = set(vars(norm)), repr(norm)
    st.patch(norm)
    assert set(vars(norm)) == attributes and repr(norm) == printed
    assert set(vars(copy.deepcopy(norm))) == set(vars(pickle.loads(pickle.dumps(norm)))) == attributes


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def test_what_was_made_of_a_swapped_class_since_is_reported_and_not_torn():
    norm = nn.LayerNorm(8)
    st.patch(norm)
    parametrize.register_parametrization(norm, "weight", Doubled())
    assert "undo that first" in st.unpatch(norm).left[""]
    close(norm(X), 2 * nn.functional.layer_norm(X, (8,)))
    with pytest.raises(RuntimeError, match="parametrized"):
        pickle.dumps(norm)
    parametrize.remove_parametrizations(norm, "weight", leave_parametrized=False)
    assert list(st.unpatch(norm).swapped) == [""] and type(norm) is nn.LayerNorm


class Light(nn.LayerNorm):
    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "cache"}


def test_pickling_respects_what_a_class_leaves_out(monkeypatch):
    monkeypatch.setitem(_swapped.FORWARDS, _swapped.full_name(Light), lambda module, x: x)
    norm = Light(8)
    norm.cache = lambda: "cannot be pickled"
    st.patch(norm)
    assert not hasattr(pickle.loads(pickle.dumps(norm)), "cache")


def test_unpickling_what_is_not_registered_says_so(registered):
    norm = OwnRMSNorm(8)
    st.patch(norm)
    pickled = pickle.dumps(norm)
    del _swapped.FORWARDS[_swapped.full_name(OwnRMSNorm)]
    with pytest.raises(pickle.UnpicklingError, match="register it here"):
        pickle.loads(pickled)
