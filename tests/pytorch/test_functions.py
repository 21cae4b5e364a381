"""Functions of tensors are simdnorm's functions of arrays, by PyTorch's conventions."""

import ml_dtypes
import numpy as np
import pytest
import torch
from torch.nn import functional as native

import simdnorm
import simdnorm.torch as st
from simdnorm import functional

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
SHAPE = (3, 8, 5, 4)
LAST = torch.channels_last


def array(tensor):
    if tensor.dtype is torch.bfloat16:
        return tensor.detach().view(torch.uint16).numpy().view(ml_dtypes.bfloat16)
    return tensor.detach().numpy()


def random(*shape, dtype=torch.float64, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(dtype)


def running(dtype, *, seed=7):
    return [random(8, dtype=dtype, seed=seed), (random(8, seed=seed + 1).square() + 0.5).to(dtype)]


def layer_norm(x, weight, bias, module):
    return module.layer_norm(x, (5, 4), weight, bias, 1e-3)


def rms_norm(x, weight, bias, module):
    return module.rms_norm(x, (5, 4), weight)


def group_norm(x, weight, bias, module):
    return module.group_norm(x, 4, weight, bias, 1e-3)


def instance_norm(x, weight, bias, module):
    return module.instance_norm(x, None, None, weight, bias, True, 0.1, 1e-3)


def batch_norm(x, weight, bias, module):
    return module.batch_norm(x, None, None, weight, bias, True, 0.1, 1e-3)


def batch_norm_eval(x, weight, bias, module):
    wide = torch.float64 if x.dtype is torch.float64 else torch.float32
    return module.batch_norm(x, *running(wide), weight, bias, False, 0.1, 1e-3)


NORMS = [layer_norm, rms_norm, group_norm, instance_norm, batch_norm, batch_norm_eval]


def arrays_of(norm, dy, x, weight, bias):
    """What simdnorm's functions of arrays say: y, dx, dweight, dbias."""
    eps = float(torch.finfo(torch.promote_types(x.dtype, torch.float32)).eps) if norm is rms_norm else 1e-3
    dy, x, weight, bias = map(array, (dy, x, weight, bias))
    if norm is rms_norm:
        y, rstd = functional.rms_norm_forward(x, (5, 4), weight, eps)
        return y, *functional.rms_norm_backward(dy, x, rstd, weight), None
    if norm is layer_norm:
        y, *saved = functional.layer_norm_forward(x, (5, 4), weight, bias, eps)
        return y, *functional.layer_norm_backward(dy, x, *saved, weight)
    if norm in (group_norm, instance_norm):
        groups = 4 if norm is group_norm else 8
        y, *saved = functional.group_norm_forward(x, groups, weight, bias, eps)
        return y, *functional.group_norm_backward(dy, x, *saved, groups, weight)
    if norm is batch_norm:
        y, *saved = functional.batch_norm_forward(x, weight, bias, eps=eps)
        return y, *functional.batch_norm_backward(dy, x, *saved, weight)
    mean, var = map(array, running(torch.float64 if x.dtype == np.float64 else torch.float32))
    y = functional.batch_norm(x, mean, var, weight, bias, eps=eps)
    rstd = (1 / np.sqrt(var.astype(np.float64) + eps)).astype(var.dtype)
    return y, *functional.batch_norm_backward(dy, x, mean, rstd, weight, training=False)


def gradients(norm, module, dy, x, weight, bias):
    leaves = [p.detach().clone(memory_format=torch.preserve_format).requires_grad_() for p in (x, weight, bias)]
    y = norm(*leaves, module)
    return y.detach(), *torch.autograd.grad(y, leaves, dy, allow_unused=True)


@pytest.mark.parametrize("layout", [torch.contiguous_format, LAST])
@pytest.mark.parametrize(
    ("dtype", "of_parameters"), [(d, d) for d in DTYPES] + [(d, torch.float32) for d in DTYPES if d.itemsize == 2]
)
@pytest.mark.parametrize("norm", NORMS)
def test_a_function_of_tensors_has_the_bits_of_that_of_arrays(norm, dtype, of_parameters, layout):
    x, dy = (random(*SHAPE, dtype=dtype, seed=s) for s in (1, 2))
    if norm not in (layer_norm, rms_norm):
        x, dy = (t.contiguous(memory_format=layout) for t in (x, dy))
    shape = (5, 4) if norm in (layer_norm, rms_norm) else (8,)
    weight, bias = (random(*shape, dtype=of_parameters, seed=s) for s in (3, 4))
    found = gradients(norm, st, dy, x, weight, bias)
    for name, tensor, expected in zip(
        ("y", "dx", "dweight", "dbias"), found, arrays_of(norm, dy, x, weight, bias), strict=True
    ):
        assert (tensor is None) == (expected is None), name
        if tensor is not None:
            assert array(tensor).tobytes() == expected.tobytes(), name
    assert found[0].is_contiguous(memory_format=layout) or norm in (layer_norm, rms_norm)


@pytest.mark.parametrize("norm", NORMS)
def test_the_conventions_are_pytorchs(norm):
    x, dy = (random(*SHAPE, seed=s) for s in (1, 2))
    shape = (5, 4) if norm in (layer_norm, rms_norm) else (8,)
    weight, bias = (random(*shape, seed=s) for s in (3, 4))
    ours, theirs = (gradients(norm, module, dy, x, weight, bias) for module in (st, native))
    # Sums of at most 60 terms of size 1 to 10: both round each, whatever its order.
    for a, b in zip(ours, theirs, strict=True):
        if b is not None:
            torch.testing.assert_close(a, b, rtol=0, atol=60 * 10 * 2.0**-52)


@pytest.mark.parametrize("dtype", DTYPES)
def test_running_statistics_move_as_pytorchs_do(dtype):
    x = random(*SHAPE, dtype=dtype)
    ours, theirs = running(torch.float32), running(torch.float32)
    if dtype is torch.float64:
        ours, theirs = running(dtype), running(dtype)
    st.batch_norm(x, *ours, training=True, momentum=0.3)
    native.batch_norm(x, *theirs, training=True, momentum=0.3)
    eps = torch.finfo(ours[0].dtype).eps
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=8 * eps, atol=8 * eps)  # two sums of 60, then three operations


def test_a_sum_comes_back_with_its_norm():
    x, residual, weight, bias = random(6, 5), random(6, 5, seed=1), random(5, seed=2), random(5, seed=3)
    y, summed = st.add_layer_norm(x, residual, (5,), weight, bias)
    z, also = st.add_rms_norm(x, residual, (5,), weight)
    assert torch.equal(summed, x + residual) and torch.equal(also, summed)
    assert torch.equal(y, st.layer_norm(summed, (5,), weight, bias))
    assert torch.equal(z, st.rms_norm(summed, (5,), weight))


def test_a_residual_that_is_broadcast_or_wider_gives_the_norm_of_the_sum():
    x = random(6, 5, dtype=torch.float32)
    for residual in (random(1, 5, dtype=torch.float32, seed=1), random(6, 5, seed=1)):
        y, summed = st.add_rms_norm(x, residual, (5,))
        assert torch.equal(summed, x + residual)
        assert torch.equal(y, st.rms_norm(summed, (5,)))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda f: f.layer_norm(torch.ones(3, 4), (5,)), RuntimeError),
        (lambda f: f.group_norm(torch.ones(3, 4), 3), RuntimeError),
        (lambda f: f.batch_norm(torch.ones(1, 4), None, None, training=True), ValueError),
        (lambda f: f.instance_norm(torch.ones(2, 4, 1)), ValueError),
        (lambda f: f.layer_norm(torch.ones(3, 4, dtype=torch.int64), (4,)), RuntimeError),
    ],
)
def test_what_pytorch_refuses_is_refused_by_its_own_error(call, error):
    messages = []
    for module in (st, native):
        with pytest.raises(error) as caught:
            call(module)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_meta_tensors_go_to_pytorch():
    x = torch.empty(3, 8, 5, device="meta")
    assert st.layer_norm(x, (5,)).device.type == "meta"
    assert st.group_norm(x, 2).shape == x.shape


def test_large_results_recycle_memory_and_lie_as_pytorchs():
    x = torch.ones(2, 64, 160, 200).contiguous(memory_format=LAST)
    y = st.group_norm(x, 8)
    assert y.stride() == x.stride()
    assert not y.any()
    assert simdnorm.backend() != "native" or simdnorm._backend.kernels.held_blocks()["used_bytes"] >= y.nbytes
