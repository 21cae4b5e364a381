"""Operands as networks have them: strided, broadcast, empty, missing, and of several dtypes."""

import pytest
import torch
from torch import nn
from torch.nn import functional as native

import simdnorm.torch as st

SHAPE = (4, 8, 3, 2)
CALLS = {
    "layer_norm": (lambda f, x, w, b: f.layer_norm(x, (2,), w, b), 2),
    "rms_norm": (lambda f, x, w, b: f.rms_norm(x, (2,), w), 2),
    "group_norm": (lambda f, x, w, b: f.group_norm(x, 2, w, b), 8),
    "instance_norm": (lambda f, x, w, b: f.instance_norm(x, None, None, w, b), 8),
    "batch_norm": (lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), 8),
    "batch_norm in evaluation": (lambda f, x, w, b: f.batch_norm(x, *running(x), w, b), 8),
    "add_layer_norm": (lambda f, x, w, b: f.add_layer_norm(x, 2 * x, (2,), w, b)[0], 2),
    "add_rms_norm": (lambda f, x, w, b: f.add_rms_norm(x, 2 * x, (2,), w)[0], 2),
}
every_norm = pytest.mark.parametrize("norm", CALLS)
ROWS = "layer_norm", "rms_norm", "add_layer_norm", "add_rms_norm"


def running(x):
    wide = torch.promote_types(x.dtype, torch.float32)
    return random(x.shape[1], seed=8).to(wide), random(x.shape[1], seed=9).square().to(wide) + 1


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def gradients(norm, x, dy, weight=True, bias=True, of_parameters=None):
    call, n = CALLS[norm]
    kind = of_parameters or x.dtype
    given = (
        x.detach(),
        random(n, seed=1, dtype=kind) if weight else None,
        random(n, seed=2, dtype=kind) if bias else None,
    )
    leaves = [None if p is None else p.requires_grad_() for p in given]
    y = call(st, *leaves)
    wanted = [p for p in leaves if p is not None]
    return y.detach(), *torch.autograd.grad(y, wanted, dy, allow_unused=True)


@every_norm
@pytest.mark.parametrize(
    "strided",
    [
        lambda t: t.transpose(0, 1).contiguous().transpose(0, 1),
        lambda t: torch.stack([t, t], -1)[..., 0],
        lambda t: t[:1].expand(t.shape),
        lambda t: t[:, :1, :1, :1].expand(t.shape),
        lambda t: t.flip(3).flip(3),
    ],
)
def test_strides_of_the_input_and_of_a_gradient_change_nothing(norm, strided):
    for x, dy in ((strided(random(*SHAPE)), random(*SHAPE, seed=3)), (random(*SHAPE), strided(random(*SHAPE, seed=3)))):
        found, expected = (gradients(norm, *each) for each in ((x, dy), (x.contiguous(), dy.contiguous())))
        for a, b in zip(found, expected, strict=True):
            # In bits, but that PyTorch adds up an expanded leaf's gradient as it lies: 4 sums of size 1 to 10.
            assert (a is None) == (b is None)
            assert a is None or torch.allclose(a, b, rtol=0, atol=4 * 10 * 2.0**-52)


@every_norm
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(("weight", "bias"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_gradient_has_the_dtype_of_what_it_is_of(norm, dtype, weight, bias):
    if bias and "rms" in norm:
        pytest.skip("it has none")
    x, dy = random(*SHAPE, dtype=dtype), random(*SHAPE, seed=3, dtype=dtype)
    exact = gradients(norm, x.double(), dy.double(), weight, bias)
    for of_parameters in {dtype, torch.float32}:
        found = gradients(norm, x, dy, weight, bias, of_parameters)
        assert [t.dtype for t in found[:2]] == [dtype] * 2
        for a, b in zip(found[2:], exact[2:], strict=True):
            assert a.dtype is of_parameters
            # Sums of at most 96 products of size 10, in float32; rounded to the parameter's dtype, once.
            rounding = torch.finfo(of_parameters).eps * b.abs().max() + 96 * 10 * 10 * 2.0**-24
            if of_parameters is dtype or not norm.startswith("add"):  # a sum that was rounded first is another
                torch.testing.assert_close(a.double(), b, rtol=0, atol=float(rounding) * (8 if norm in ROWS else 1))


@every_norm
def test_an_empty_batch_has_gradients_of_zeros(norm):
    if norm in ("batch_norm", "instance_norm"):
        pytest.skip("nothing has no statistics")
    x = torch.empty(0, *SHAPE[1:])
    y, dx, *rest = gradients(norm, x, x)
    assert y.shape == dx.shape == x.shape
    assert all(g is None or not g.any() for g in rest)


@pytest.mark.parametrize("call", [lambda f: f.batch_norm(torch.empty(0, 4, 2), None, None, training=True)])
def test_statistics_of_nothing_are_pytorchs_business(call):
    outcomes = []
    for module in (st, native):
        try:
            outcomes.append(call(module).shape)
        except (RuntimeError, ValueError) as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("name", "arguments", "options", "shape"),
    [
        ("LayerNorm", (8,), {"elementwise_affine": False}, (4, 8)),
        ("LayerNorm", (8,), {"bias": False}, (4, 8)),
        ("RMSNorm", (8,), {"elementwise_affine": False}, (4, 8)),
        ("GroupNorm", (2, 8), {"affine": False}, SHAPE),
        ("InstanceNorm2d", (8,), {"track_running_stats": True}, SHAPE),
        ("BatchNorm2d", (8,), {"affine": False}, SHAPE),
        ("BatchNorm2d", (8,), {"track_running_stats": False}, SHAPE),
        ("BatchNorm2d", (8,), {"momentum": None}, SHAPE),
        ("BatchNorm2d", (8,), {"momentum": None, "affine": False, "track_running_stats": False}, SHAPE),
    ],
)
def test_options_of_modules_are_pytorchs(name, arguments, options, shape):
    ours, theirs = (getattr(module, name)(*arguments, **options).double() for module in (st, nn))
    for mode in (True, True, False):
        x = random(*shape, seed=4)
        y, expected = ours.train(mode)(x), theirs.train(mode)(x)
        # Sums of 24 values of size 1 to 4, and a handful of operations.
        torch.testing.assert_close(y, expected, rtol=0, atol=24 * 4 * 4 * 2.0**-52)
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=24 * 4 * 4 * 2.0**-52)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_running_statistics_of_16_bits_are_rounded_once(dtype):
    x = random(64, 8, 3, dtype=dtype)
    mean, var = random(8, seed=5, dtype=dtype), random(8, seed=6).square().to(dtype) + 1
    exact = [0.7 * old.double() + 0.3 * new for old, new in ((mean, x.double().mean((0, 2))),
             (var, x.double().var((0, 2))))]  # fmt: skip
    st.batch_norm(x, mean, var, training=True, momentum=0.3)
    for moved, expected in zip((mean, var), exact, strict=True):
        # Half a unit of the last place in 16 bits; what float32 has before it is a thousandth of that.
        half = torch.finfo(dtype).eps / 2 * 2 ** torch.floor(torch.log2(expected.abs()))
        assert (abs(moved.double() - expected) <= 1.01 * half).all()


def test_groups_of_one_value_are_refused_by_pytorchs_error():
    messages = []
    for module in (st, native):
        with pytest.raises(ValueError, match="more than 1 value") as caught:
            module.group_norm(torch.ones(1, 4), 4)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert st.group_norm(torch.ones(2, 4), 4).shape == (2, 4)
