"""How an operation becomes an operator of PyTorch: a kernel, a fake one for shapes alone, gradients, vmap."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._threads import in_step

_LIBRARY = torch.library.Library("simdnorm", "DEF")  # type: ignore[no-untyped-call]


def define(name: str, schema: str, kernel: Callable[..., Any], fake: Callable[..., Any]) -> Any:
    """Register an operator on CPU tensors. Both functions allocate alike, so that strides can be foretold."""
    _LIBRARY.define(name + schema)  # type: ignore[no-untyped-call]
    _LIBRARY.impl(name, in_step(kernel), "CPU")  # type: ignore[no-untyped-call]
    torch.library.register_fake(f"simdnorm::{name}", fake, lib=_LIBRARY)
    torch.library.register_vmap(f"simdnorm::{name}", _one_by_one(name), lib=_LIBRARY)
    return getattr(torch.ops.simdnorm, name).default


def differentiable(
    operator: Any, kernel: Callable[..., Any], backward: Callable[..., Any], setup_context: Callable[..., None]
) -> Any:
    """Give an operator its gradients; return the function to call it by.

    Where nothing but the result is wanted, that goes straight to the kernel: the dispatcher would take longer.
    """
    kernel = in_step(kernel)
    torch.library.register_autograd(operator, backward, setup_context=setup_context, lib=_LIBRARY)

    # The transforms of torch.func look through a Function, but not through what register_autograd makes.
    function = type(
        operator.__name__,
        (torch.autograd.Function,),
        {
            "forward": staticmethod(operator),
            "setup_context": staticmethod(setup_context),
            "backward": staticmethod(backward),
            "generate_vmap_rule": True,
        },
    )

    def call(*args: Any) -> Any:
        if torch.compiler.is_compiling():
            return operator(*args)
        if torch._C._are_functorch_transforms_active():
            return function.apply(*args)  # type: ignore[attr-defined]
        return kernel(*args) if _nobody_watches(args) else operator(*args)

    return call


def _nobody_watches(args: Sequence[Any]) -> bool:
    """Whether neither gradients nor a mode of PyTorch's (fake tensors, tracing) or a kind of tensor want to know."""
    tensors = [arg for arg in args if isinstance(arg, Tensor)]
    return (
        torch._C._len_torch_dispatch_stack() == 0
        and all(type(t) is Tensor or type(t) is torch.nn.Parameter for t in tensors)
        and not (torch.is_grad_enabled() and any(t.requires_grad for t in tensors))
    )


def _one_by_one(name: str) -> Callable[..., Any]:
    """Map an operator over a batch as a loop, which is right for parameters that are mapped too."""

    def mapped(info: Any, in_dims: Sequence[int | None], *args: Any) -> Any:
        operator = getattr(torch.ops.simdnorm, name)
        pieces = [arg.unbind(dim) if isinstance(arg, Tensor) and dim is not None else None
                  for arg, dim in zip(args, in_dims, strict=True)]  # fmt: skip
        results = [
            operator(*(arg if piece is None else piece[i] for arg, piece in zip(args, pieces, strict=True)))
            for i in range(info.batch_size)
        ]
        if isinstance(results[0], Tensor):
            return torch.stack(results), 0
        return tuple(torch.stack(each) for each in zip(*results, strict=True)), (0,) * len(results[0])

    return mapped
