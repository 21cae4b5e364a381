"""SyncBatchNorm where it is alone, and the models that are converted to it."""

from datetime import timedelta

import pytest
import torch
from torch import nn

import simdnorm.torch as st
from simdnorm.torch._together import Together


def test_a_process_alone_is_batch_norm():
    x = torch.randn(6, 5, 3, requires_grad=True)
    ours, theirs = st.SyncBatchNorm(5), st.BatchNorm1d(5)
    assert torch.equal(ours(x), theirs(x)) and torch.equal(ours.running_var, theirs.running_var)
    assert torch.equal(ours.eval()(x), theirs.eval()(x))


def test_models_are_converted_and_keep_what_they_have():
    net = nn.Sequential(nn.Conv1d(3, 5, 1), nn.BatchNorm1d(5), nn.ModuleList([nn.BatchNorm2d(4)]), nn.LayerNorm(5))
    parameters, keys = list(net.parameters()), list(net.state_dict())
    converted = st.convert_sync_batchnorm(net.eval())
    assert converted is net and list(net.state_dict()) == keys
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert [type(m) for m in (net[1], net[2][0], net[3])] == [st.SyncBatchNorm] * 2 + [nn.LayerNorm]
    assert not net[1].training
    assert isinstance(st.convert_sync_batchnorm(nn.BatchNorm1d(5)), st.SyncBatchNorm)


@pytest.mark.parametrize("x", [torch.ones(5), torch.ones(2, 4), torch.ones(2, 5, device="meta")])
def test_what_does_not_fit_is_refused_before_anybody_waits(x):
    with pytest.raises(ValueError, match="expected"):
        st.SyncBatchNorm(5)(x)


def test_a_converted_model_keeps_what_quantization_and_hidden_options_are_kept_in():
    norm = nn.BatchNorm2d(4, momentum=None, track_running_stats=False)
    norm.qconfig = "some"
    made = st.SyncBatchNorm.convert_sync_batchnorm(norm, "a group", timeout=timedelta(seconds=1))
    assert made.timeout == timedelta(seconds=1)
    assert (made.qconfig, made.process_group, made.momentum, made.running_mean) == ("some", "a group", None, None)
    assert st.SyncBatchNorm(4, bias=False).bias is None and st.SyncBatchNorm(4, bias=False).weight is not None
    plain = nn.BatchNorm2d(4)
    st.patch(plain)
    assert type(st.convert_sync_batchnorm(plain)) is st.SyncBatchNorm


class Alone:
    """One process, which takes the way of several."""

    size = 1

    def gather(self, vector):
        return [vector]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_large_result_may_be_changed_in_place(dtype, layout):
    x = torch.randn(4, 64, 128, 128).to(dtype).contiguous(memory_format=layout).requires_grad_()
    y, *_ = Together.apply(x, None, None, 1e-5, Alone())
    y += 1
    nn.ReLU(inplace=True)(y).sum().backward()
    assert x.grad.is_contiguous(memory_format=layout)
