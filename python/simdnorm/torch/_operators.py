"""How an operation becomes an operator of PyTorch: a kernel, a fake one for shapes alone, gradients, vmap."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._fit import PLAIN
from ._threads import in_step

Kernel = Callable[..., Any]

_LIBRARY = torch.library.Library("simdnorm", "DEF")  # type: ignore[no-untyped-call]


def define(name: str, schema: str, kernel: Kernel, fake: Kernel) -> Kernel:
    """Register an operator on CPU tensors; return the function to call it by.

    Both functions allocate alike, so that strides can be foretold.
    """
    _LIBRARY.define(name + schema)  # type: ignore[no-untyped-call]
    kernel = in_step(kernel)
    _LIBRARY.impl(name, kernel, "CPU")  # type: ignore[no-untyped-call]
    torch.library.register_fake(f"simdnorm::{name}", fake, lib=_LIBRARY)
    torch.library.register_vmap(f"simdnorm::{name}", _one_by_one(name), lib=_LIBRARY)
    operator = getattr(torch.ops.simdnorm, name).default

    def call(*args: Any) -> Any:
        return kernel(*args) if _seen_by_nobody(args) else operator(*args)

    return call


def differentiable(
    name: str, forward: Kernel, inference: Kernel, backward: Kernel, setup_context: Callable[..., None]
) -> Kernel:
    """Give an operator its gradients; return the function to call it by.

    `forward` is what `define` returned, `inference` a kernel for where nothing but the first result is wanted.
    """
    operator = getattr(torch.ops.simdnorm, name).default
    inference = in_step(inference)
    torch.library.register_autograd(operator, backward, setup_context=setup_context, lib=_LIBRARY)
    # The transforms of torch.func look through a Function, but not through what register_autograd makes.
    mapped = _function(name, True, forward=forward, setup_context=setup_context, backward=backward)

    def forward_and_keep(ctx: Any, *args: Any) -> Any:
        output = forward(*args)
        setup_context(ctx, args, output)
        return output

    # The dispatcher takes several times as long as a Function, and one with a setup_context longer than one without.
    eager = _function(name, forward=forward_and_keep, backward=backward)

    def call(*args: Any) -> Any:
        if _seen_by_nobody(args):
            return eager.apply(*args) if _wants_gradients(args) else inference(*args)
        if not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active():
            return mapped.apply(*args)
        return operator(*args)

    return call


def _function(name: str, generate_vmap_rule: bool = False, **members: Kernel) -> Any:
    """Make a torch.autograd.Function of these static methods."""
    methods = {key: staticmethod(method) for key, method in members.items()}
    return type(name, (torch.autograd.Function,), {**methods, "generate_vmap_rule": generate_vmap_rule})


def _seen_by_nobody(args: Sequence[Any]) -> bool:
    """Whether neither a mode of PyTorch's (compiling, tracing, transforms, fakes) nor a kind of tensor looks on."""
    if (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack()
        or torch._C._are_functorch_transforms_active()
        or torch._C._get_tracing_state() is not None
    ):
        return False
    for arg in args:  # noqa: SIM110  a generator would take as long as the rest of this function
        if isinstance(arg, Tensor) and type(arg) not in PLAIN:
            return False
    return True


def _wants_gradients(args: Sequence[Any]) -> bool:
    if torch.is_grad_enabled():
        for arg in args:
            if isinstance(arg, Tensor) and arg.requires_grad:
                return True
    return False


def _one_by_one(name: str) -> Callable[..., Any]:
    """Map an operator over a batch as a loop, which is right for parameters that are mapped too."""

    def mapped(info: Any, in_dims: Sequence[int | None], *args: Any) -> Any:
        operator, size = getattr(torch.ops.simdnorm, name), info.batch_size
        pieces = [_pieces(arg, dim, size) if isinstance(arg, Tensor) and dim is not None else None
                  for arg, dim in zip(args, in_dims, strict=True)]  # fmt: skip
        results = [
            operator(*(arg if piece is None else piece[i] for arg, piece in zip(args, pieces, strict=True)))
            for i in range(max(size, 1))
        ]
        if isinstance(results[0], Tensor):
            return torch.stack(results)[:size], 0
        return tuple(torch.stack(each)[:size] for each in zip(*results, strict=True)), (0,) * len(results[0])

    return mapped


def _pieces(arg: Tensor, dim: int, size: int) -> Sequence[Tensor]:
    """Take a batch apart; of an empty one, make a piece that has its shape to tell."""
    if size:
        return arg.unbind(dim)
    return (arg.new_zeros([n for axis, n in enumerate(arg.shape) if axis != dim]),)
