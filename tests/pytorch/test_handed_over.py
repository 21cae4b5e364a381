"""What travels with tensors, tangents or another kind, goes to PyTorch's own functions with them."""

from typing import ClassVar

import pytest
import torch
from torch.autograd import forward_ad
from torch.nn import functional as native
from torch.utils._pytree import tree_map

import simdnorm.torch as st
from pytorch.calls import CALLS, SHAPE, operands, random

# PyTorch's own rules of forward mode are made by it.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
every_norm = pytest.mark.parametrize("norm", CALLS)
# Derivatives of sums of 16 terms, cubed, in two orders of the same operations.
CLOSE = {"rtol": 0, "atol": 16 * 16 * 100 * 2.0**-52}


@every_norm
def test_forward_mode_has_the_tangents_of_pytorch(norm):
    x, w, b = operands(norm, grad=False)
    tangents = random(*SHAPE, seed=3), random(*w.shape, seed=4), random(*w.shape, seed=5)
    found = []
    for module in (st, native):
        with forward_ad.dual_level():
            duals = map(forward_ad.make_dual, (x, w, b), tangents)
            found.append(forward_ad.unpack_dual(CALLS[norm][0](module, *duals)).tangent)
    torch.testing.assert_close(*found, **CLOSE)


@every_norm
def test_a_backward_pass_in_forward_mode_keeps_the_tangent_of_its_gradient(norm):
    x, w, b = operands(norm, grad=False)
    x.requires_grad_()
    y = CALLS[norm][0](st, x, w, b)
    with forward_ad.dual_level():
        dy = forward_ad.make_dual(random(*SHAPE, seed=3), random(*SHAPE, seed=4))
        dx = forward_ad.unpack_dual(torch.autograd.grad(y, x, dy)[0]).tangent
    expected = torch.autograd.grad(CALLS[norm][0](st, x, w, b), x, random(*SHAPE, seed=4))[0]  # linear in dy
    torch.testing.assert_close(dx, expected, **CLOSE)


@every_norm
@pytest.mark.parametrize(
    "transform",
    [
        lambda f, x: torch.func.jvp(f, (x,), (torch.ones_like(x),)),
        lambda f, x: torch.func.jacfwd(f)(x),
        lambda f, x: torch.func.hessian(f)(x),
        lambda f, x: torch.func.jacrev(torch.func.jacfwd(f))(x),
        lambda f, x: torch.func.jacrev(torch.func.jacrev(f))(x),
        lambda f, x: torch.autograd.functional.jvp(f, x, torch.ones_like(x)),
    ],
)
def test_derivatives_in_every_mode_are_pytorchs(norm, transform):
    x, w, b = operands(norm, grad=False)
    ours, theirs = (
        transform(lambda x, m=module: CALLS[norm][0](m, x, w, b).pow(3).sum(), x) for module in (st, native)
    )
    torch.testing.assert_close(ours, theirs, **CLOSE)


class Named(torch.Tensor):
    """A tensor that sees functions."""

    seen: ClassVar = []

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        cls.seen.append(function)
        return super().__torch_function__(function, types, args, kwargs or {})


class Wrapper(torch.Tensor):
    """A tensor that sees operators, as DTensor does."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, strides=inner.stride())

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        assert not str(function).startswith("simdnorm"), "it knows PyTorch's operators alone"
        args, kwargs = tree_map(lambda t: t.inner if isinstance(t, cls) else t, (args, kwargs or {}))
        return tree_map(lambda t: cls(t) if isinstance(t, torch.Tensor) else t, function(*args, **kwargs))


@every_norm
@pytest.mark.parametrize("which", ["input", "parameters"])
def test_subclasses_see_pytorchs_functions(norm, which):
    x, w, b = operands(norm, grad=False)
    expected = CALLS[norm][0](native, x, w, b)
    given = (x.as_subclass(Named), w, b) if which == "input" else (x, w.as_subclass(Named), b.as_subclass(Named))
    Named.seen.clear()
    y = CALLS[norm][0](st, *given)
    assert type(y) is Named and torch.equal(y.as_subclass(torch.Tensor), expected)
    assert getattr(native, norm.split()[0].removeprefix("add_")) in Named.seen
    assert torch.equal(CALLS[norm][0](st, Wrapper(x), w, b).inner, expected)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_are_pytorchs(layout):
    pieces = random(2, 5), random(3, 5)
    nested = torch.nested.nested_tensor(list(pieces), layout=layout)
    y = st.layer_norm(nested, (5,), torch.ones(5, dtype=torch.float64), torch.zeros(5, dtype=torch.float64))
    for found, piece in zip(y.unbind(), pieces, strict=True):
        torch.testing.assert_close(found, native.layer_norm(piece, (5,)), **CLOSE)


@every_norm
def test_small_subclasses_are_pytorchs_too(norm):
    torch.use_deterministic_algorithms(False)
    x, w, b = operands(norm, grad=False)
    assert torch.equal(CALLS[norm][0](st, Wrapper(x), w, b).inner, CALLS[norm][0](native, x, w, b))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_distributed_tensors_are_pytorchs(tmp_path):
    from torch import distributed
    from torch.distributed.tensor import distribute_tensor
    from torch.distributed.tensor.placement_types import Replicate, Shard

    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        mesh = distributed.device_mesh.init_device_mesh("cpu", (1,))
        x, weight = distribute_tensor(random(6, 4), mesh, [Shard(0)]), distribute_tensor(random(4), mesh, [Replicate()])
        y = st.layer_norm(x, (4,), weight)
        torch.testing.assert_close(y.full_tensor(), native.layer_norm(random(6, 4), (4,), random(4)), **CLOSE)
    finally:
        distributed.destroy_process_group()
