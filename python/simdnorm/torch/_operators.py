"""How an operation becomes an operator of PyTorch: a kernel, a fake one for shapes alone, gradients, vmap.

Eager calls go around the dispatcher, which takes several times as long as a small norm. They first try the lane
(`_lane`), which says itself what it takes; what it does not take goes through the kernel.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._fit import PLAIN
from ._formulas import forward_mode

Kernel = Callable[..., Any]

_LIBRARY = torch.library.Library("simdnorm", "DEF")  # type: ignore[no-untyped-call]


def define(name: str, schema: str, kernel: Kernel, fake: Kernel) -> None:
    """Register an operator on CPU tensors.

    Both functions allocate alike, so that strides can be foretold. A result that is None is an empty tensor to the
    dispatcher.
    """
    _LIBRARY.define(name + schema)  # type: ignore[no-untyped-call]
    _LIBRARY.impl(name, _without_none(kernel), "CPU")  # type: ignore[no-untyped-call]
    torch.library.register_fake(f"simdnorm::{name}", fake, lib=_LIBRARY)
    torch.library.register_vmap(f"simdnorm::{name}", _one_by_one(name), lib=_LIBRARY)


def eager(name: str, lane: Kernel, kernel: Kernel) -> Kernel:
    """Return the quickest function for an operator that was defined, without gradients."""
    operator = getattr(torch.ops.simdnorm, name).default

    def call(*args: Any) -> Any:
        if nobody_looks_on():
            results = lane(*args)
            if results is not None:
                return results
            if _all_plain(args):
                return kernel(*args)
        return operator(*args)

    return call


class Differentiable:
    """An operator that was defined, with gradients: called as it is, or `express`. Both return a tuple.

    `lane` and `kernel` are told first whether to keep what gradients need; else those results may be missing that no
    gradients come in for. Of the others, which stand first, there are so many `outputs`, and `express` returns no more.
    """

    def __init__(
        self,
        name: str,
        outputs: int,
        lane: Kernel,
        kernel: Kernel,
        backward: Kernel,
        setup_context: Callable[..., None],
    ) -> None:
        self._operator = getattr(torch.ops.simdnorm, name).default
        self._outputs, self._lane, self._kernel = outputs, lane, kernel
        torch.library.register_autograd(self._operator, backward, setup_context=setup_context, lib=_LIBRARY)
        # The transforms of torch.func look through a Function, but not through what register_autograd makes.
        self._mapped = _function(
            name, generate_vmap_rule=True, forward=self._operator, setup_context=setup_context, backward=backward
        )

        # Eagerly, results are there before the node that they get; setup_context as a method would make it slower.
        def attach(ctx: Any, *args: Any) -> Any:
            *inputs, results, count = args
            setup_context(ctx, inputs, results)
            return results[:count]

        def gradients(ctx: Any, *of_outputs: Any) -> tuple[Any, ...]:
            found = backward(ctx, *of_outputs)
            return *found, *(None for _ in ctx.needs_input_grad[len(found) :])

        self._node = _function(name, forward=attach, backward=gradients)

    def express(self, *args: Any) -> Any:
        """Compute by the lane, if nobody looks on and it takes the arguments; else None."""
        if not nobody_looks_on():
            return None
        keep = _wants_gradients(args)
        results = self._lane(keep, *args)
        return self._node.apply(*args, results, self._outputs) if keep and results is not None else results

    def __call__(self, *args: Any) -> Any:
        if nobody_looks_on() and _all_plain(args):
            keep = _wants_gradients(args)
            results = self._kernel(keep, *args)
            return self._node.apply(*args, results, len(results)) if keep else results
        through = self._mapped.apply if not _compiling() and _transforms() else self._operator
        results = through(*args)
        return results if isinstance(results, tuple) else (results,)


# By names of their own: every attribute on the way to them would be looked up in memory that is not in the caches.
_compiling, _modes = torch.compiler.is_compiling, torch._C._len_torch_dispatch_stack
_hides_a_batch = torch._C._functorch.is_legacy_batchedtensor
_transforms, _tracing = torch._C._are_functorch_transforms_active, torch._C._get_tracing_state


def nobody_looks_on() -> bool:
    """Whether no mode of PyTorch's (compiling, tracing, transforms, fakes, tangents) wants to see what is computed."""
    return not (_compiling() or _modes() or _transforms() or _tracing() is not None or forward_mode())


def _function(name: str, generate_vmap_rule: bool = False, **members: Kernel) -> Any:
    """Make a torch.autograd.Function of these static methods."""
    methods = {key: staticmethod(method) for key, method in members.items()}
    return type(name, (torch.autograd.Function,), {**methods, "generate_vmap_rule": generate_vmap_rule})


def _all_plain(args: Sequence[Any]) -> bool:
    """Whether all tensors are what they seem; those of `is_grads_batched` hide a batch behind the plainest type."""
    return all(type(arg) in PLAIN and not _hides_a_batch(arg) for arg in args if isinstance(arg, Tensor))


def _wants_gradients(args: Sequence[Any]) -> bool:
    if torch.is_grad_enabled():
        for arg in args:
            if isinstance(arg, Tensor) and arg.requires_grad:
                return True
    return False


def _without_none(kernel: Kernel) -> Kernel:
    def filled(x: Tensor, *args: Any) -> Any:
        results = kernel(x, *args)
        if isinstance(results, Tensor):
            return results
        return tuple(x.new_empty(0) if result is None else result for result in results)

    return filled


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
