"""What PyTorch does to functions, it does to these: differentiates, maps, traces, compiles, exports."""

import pytest
import torch
from torch.nn import functional as native
from torch.utils.checkpoint import checkpoint

import simdnorm.torch as st
from pytorch.calls import CALLS, SHAPE, call, operands, random

every_norm = pytest.mark.parametrize("norm", CALLS)


@every_norm
def test_gradients_and_their_gradients_are_right(norm):
    torch.autograd.gradcheck(call(norm), operands(norm))
    torch.autograd.gradgradcheck(call(norm), operands(norm))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("residual", [True, False])
def test_a_sum_and_its_norm_have_gradients_and_theirs(centred, residual):
    norm = st.add_layer_norm if centred else st.add_rms_norm
    x, r, w = (p.requires_grad_() for p in (random(3, 4), random(3, 4, seed=1), random(4, seed=2)))

    def both(x, r, w):
        y, summed = norm(x, r, (4,), w)
        return (y, summed) if residual else y

    torch.autograd.gradcheck(both, (x, r, w))
    torch.autograd.gradgradcheck(both, (x, r, w))


@pytest.mark.parametrize("centred", [True, False])
def test_a_gradient_that_will_be_differentiated_is_that_of_the_kernels(centred):
    norm = st.add_layer_norm if centred else st.add_rms_norm
    leaves = [p.requires_grad_() for p in (random(3, 4), random(3, 4, seed=1), random(4, seed=2))]
    dy, dsummed = random(3, 4, seed=3), random(3, 4, seed=4)
    once, again = (
        torch.autograd.grad(norm(*leaves[:2], (4,), leaves[2]), leaves, (dy, dsummed), create_graph=create_graph)
        for create_graph in (False, True)
    )
    for a, b in zip(once, again, strict=True):  # sums of 4 terms of size 1 to 10
        torch.testing.assert_close(a, b.detach(), rtol=0, atol=4 * 10 * 2.0**-52)


@every_norm
def test_gradients_of_a_batch_are_those_of_each(norm):
    leaves = operands(norm)
    y = call(norm)(*leaves)
    batch = torch.stack([random(*y.shape, seed=seed) for seed in (3, 4)])

    def gradients(dy, batched):
        found = torch.autograd.grad(y, leaves, dy, retain_graph=True, allow_unused=True, is_grads_batched=batched)
        return [gradient for gradient in found if gradient is not None]

    each = zip(*(gradients(dy, False) for dy in batch), strict=True)
    for found, expected in zip(gradients(batch, True), each, strict=True):
        assert torch.equal(found, torch.stack(expected))


@every_norm
def test_functions_are_mapped_and_differentiated_by_torch_func(norm):
    x, w, b = operands(norm, grad=False)
    batch = torch.stack([x, x + 1, 2 * x])

    def loss(module):
        return lambda x, w: call(norm, module)(x, w, b).square().sum()

    for transform in (
        lambda f: torch.func.vmap(f, (0, None))(batch, w),
        lambda f: torch.func.vmap(f, (0, 0))(batch, torch.stack([w, 2 * w, -w])),
        lambda f: torch.func.grad(f, (0, 1))(x, w),
        lambda f: torch.func.vmap(torch.func.grad(f, 1), (0, None))(batch, w),
        lambda f: torch.func.jacrev(f)(x, w),
    ):
        ours, theirs = transform(loss(st)), transform(loss(native))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=16 * 16 * 10 * 2.0**-52)  # sums of 16 terms, squared


@every_norm
def test_an_empty_batch_is_mapped(norm):
    x, w, b = operands(norm, grad=False)
    empty = torch.func.vmap(call(norm), (0, None, 0))(x.expand(0, *SHAPE), w, b.expand(0, *b.shape))
    assert empty.shape == (0, *SHAPE)


@every_norm
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_compiled_function_is_one_graph_with_the_same_results(norm, dtype):
    torch._dynamo.reset()  # which would not compile one function for ever so many norms
    compiled = torch.compile(call(norm), fullgraph=True, backend="aot_eager")
    results = []
    for function in (call(norm), compiled):
        leaves = [p.detach().to(dtype).requires_grad_() for p in operands(norm)]
        y = function(*leaves)
        results.append((y.detach(), *torch.autograd.grad(y, leaves, y.detach(), allow_unused=True)))
    for ours, expected in zip(*results, strict=True):
        assert ours is expected or torch.equal(ours, expected)


@every_norm
def test_a_function_is_exported(norm):
    class Model(torch.nn.Module):
        def forward(self, x, w, b):
            return call(norm)(x, w, b)

    arguments = tuple(operands(norm, grad=False))
    program = torch.export.export(Model(), arguments)
    assert torch.equal(program.module()(*arguments), call(norm)(*arguments))
    assert any("simdnorm" in str(node.target) for node in program.graph.nodes)


@every_norm
def test_fake_tensors_foretell_shape_dtype_and_memory(norm):
    from torch._subclasses.fake_tensor import FakeTensorMode

    x, w, b = operands(norm, grad=False)
    x = x.contiguous(memory_format=torch.channels_last)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        y = call(norm)(*map(mode.from_tensor, (x, w, b)))
    real = call(norm)(x, w, b)
    assert (y.shape, y.dtype, y.stride()) == (real.shape, real.dtype, real.stride())


@every_norm
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_the_result_is_the_same_and_alone(norm, mode):
    leaves = operands(norm)
    with mode():
        y = call(norm)(*leaves)
    assert not y.requires_grad
    assert torch.equal(y, call(norm)(*leaves).detach())


@every_norm
def test_a_checkpoint_recomputes_the_same(norm):
    x, w, b = operands(norm)
    expected = torch.autograd.grad(call(norm)(x, w, b).square().sum(), x)
    y = checkpoint(call(norm), x, w, b, use_reentrant=False)
    assert torch.equal(torch.autograd.grad(y.square().sum(), x)[0], expected[0])


@every_norm
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:`torch.jit.trace:DeprecationWarning")
def test_a_traced_function_computes_for_other_inputs_too(norm):
    first, *parameters = operands(norm, grad=False)
    traced = torch.jit.trace(call(norm), (first, *parameters))
    other = random(*SHAPE, seed=5)
    assert torch.equal(traced(other, *parameters), call(norm)(other, *parameters))
