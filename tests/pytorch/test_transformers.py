"""Hugging Face's RMSNorms compute the same when they are patched."""

import importlib

import pytest
import torch

import simdnorm.torch as st
from simdnorm.torch._transformers import NAMES

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("dtypes", [(torch.float32,) * 2, (torch.bfloat16,) * 2, (torch.bfloat16, torch.float32)])
@pytest.mark.parametrize("name", NAMES)
def test_a_registered_norm_is_there_and_computes_the_same(name, dtypes):
    module, _, kind = name.rpartition(".")
    of_x, of_weight = dtypes
    norm = getattr(importlib.import_module(module), kind)(64).to(of_weight)
    torch.nn.init.normal_(norm.weight)
    x = torch.randn(5, 64).to(of_x)
    expected = norm(x)
    assert list(st.patch(norm).swapped.values()) == [name]
    y = norm(x)
    assert y.dtype is expected.dtype
    # They round xhat to the dtype of x before they weigh it, or all in float32: four roundings at most.
    torch.testing.assert_close(y, expected, rtol=4 * torch.finfo(y.dtype).eps, atol=0)
    st.unpatch(norm)
    assert torch.equal(norm(x), expected)


def test_a_model_is_patched_and_its_losses_stay():
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(config)
    tokens = torch.arange(24).reshape(2, 12)
    expected = model(tokens, labels=tokens).loss
    report = st.patch(model)
    assert len(report.swapped) == 5 and not report.left
    # A mean of logarithms of sums of 64, after two layers of matrices of at most 64.
    torch.testing.assert_close(model(tokens, labels=tokens).loss, expected, rtol=64 * 2.0**-23, atol=0)
