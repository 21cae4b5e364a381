"""Swap a model's norms for simdnorm's, in place, and back.

A swapped module stays the object that it was: only its class changes, to a subclass that computes the same otherwise.
So its parameters, buffers, hooks and names are untouched, whatever holds a reference to it goes on working, and nothing
can be missing because some `__init__` did not run.
"""

from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from ._swapped import (
    FORWARDS,
    OURS,
    Forward,
    before,
    full_name,
    is_known,
    is_replaced,
    is_swapped,
    ours_for,
    own_forwards,
)
from .sync import SyncBatchNorm


@dataclass
class Report:
    """What `patch` did: names of modules, and their classes.

    Parameters
    ----------
    swapped : dict of str to str
        Names of modules, and the classes that they had, or have again after `unpatch`.
    left : dict of str to str
        Names of norms that were left as they are, and why.

    Examples
    --------
    >>> import simdnorm.torch
    >>> print(simdnorm.torch.Report({"encoder.norm": "torch.nn.modules.normalization.LayerNorm"}))
    swapped 1 norm(s), left 0
      swapped  encoder.norm: torch.nn.modules.normalization.LayerNorm
    """

    swapped: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"swapped {len(self.swapped)} norm(s), left {len(self.left)}"]
        lines += [f"  swapped  {name or '(the model)'}: {kind}" for name, kind in self.swapped.items()]
        lines += [f"  left     {name or '(the model)'}: {why}" for name, why in self.left.items()]
        return "\n".join(lines)


def register(kind: type[nn.Module] | str, forward: Forward) -> None:
    """Let `patch` swap modules of exactly this class, given itself or as its full name.

    Parameters
    ----------
    kind : type or str
        The class, or ``"package.module.Class"``.
    forward : callable
        ``forward(module, x)``, in place of the class's own. For what it does not want to compute it may call
        ``original(module).forward(module, x)``.

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> class Norm(torch.nn.RMSNorm):
    ...     pass
    >>> def forward(module, x):
    ...     return simdnorm.torch.rms_norm(x, module.normalized_shape, module.weight, module.eps)
    >>> simdnorm.torch.register(Norm, forward)
    >>> len(simdnorm.torch.patch(Norm(8)).swapped)
    1
    """
    if not isinstance(kind, str):
        own_forwards.setdefault(kind, kind.forward)
    FORWARDS[kind if isinstance(kind, str) else full_name(kind)] = forward


def original(module: nn.Module) -> Any:
    """Return the class that a module had before it was swapped, or has if it was not.

    Parameters
    ----------
    module : torch.nn.Module
        Swapped by `patch`, or any other.

    Returns
    -------
    type
        A subclass of `torch.nn.Module`.

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> norm = torch.nn.LayerNorm(8)
    >>> report = simdnorm.torch.patch(norm)
    >>> simdnorm.torch.original(norm) is torch.nn.LayerNorm
    True
    """
    return before(type(module))


def patch(model: nn.Module, *, dry_run: bool = False) -> Report:
    """Let simdnorm compute the norms of a model.

    Modules are swapped by their exact class: PyTorch's own, and those that were registered, Hugging Face's RMSNorms
    among them. Whatever else has computed its own way (subclasses, modules with a `forward` of their own) is left.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    dry_run : bool
        Only tell.

    Returns
    -------
    Report
        What was swapped, what was left, and why.

    Notes
    -----
    `torch.fx.symbolic_trace` looks into classes that are not of `torch.nn`: trace first, and patch what it returns. For
    `torch.jit.script`, which compiles the source of `forward`, unpatch first.

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.LayerNorm(8))
    >>> print(simdnorm.torch.patch(model))
    swapped 1 norm(s), left 0
      swapped  1: torch.nn.modules.normalization.LayerNorm
    """
    report = Report()
    for name, module in model.named_modules():
        kind = type(module)
        if why := _why_not(module):
            report.left[name] = why
        elif is_known(kind):
            report.swapped[name] = full_name(kind)
            if not dry_run:
                module.__class__ = ours_for(kind)
    return report


def unpatch(model: nn.Module) -> Report:
    """Undo `patch`.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.

    Returns
    -------
    Report
        What was swapped back.

    Examples
    --------
    >>> import torch, simdnorm.torch
    >>> model = torch.nn.Sequential(torch.nn.LayerNorm(8))
    >>> report = simdnorm.torch.patch(model)
    >>> simdnorm.torch.unpatch(model).swapped
    {'0': 'torch.nn.modules.normalization.LayerNorm'}
    """
    report = Report()
    for name, module in model.named_modules():
        made, kind = type(module), original(module)
        if is_swapped(made):
            module.__class__ = kind
            report.swapped[name] = full_name(kind)
        elif kind is not made:
            report.left[name] = f"{made.__name__} was made of the swapped {kind.__name__}: undo that first"
    return report


def _is_norm(module: nn.Module) -> bool:
    """Go by the name: not of a container, nor of what PyTorch hangs to weights."""
    kind = type(module)
    leaf = next(module.children(), None) is None
    return leaf and "norm" in kind.__name__.lower() and not kind.__module__.startswith("torch.nn.utils")


def _why_not(module: nn.Module) -> str | None:
    """Say why a norm is left alone; None for what will be swapped, and for what is no norm."""
    kind = type(module)
    if is_known(kind):
        if "forward" in vars(module):
            return "it has a forward of its own"
        return f"{kind.__name__}.forward is not the one that it was defined with" if is_replaced(kind) else None
    if is_swapped(kind) or kind in OURS.values() or kind is SyncBatchNorm:
        return f"{kind.__name__} is simdnorm's already"
    known = next((base for base in kind.__mro__[1:] if is_known(base)), None)
    if known is not None:
        return f"{kind.__name__} is a subclass of {known.__name__}, and may compute otherwise: register it"
    if kind is nn.SyncBatchNorm:
        return "SyncBatchNorm spans processes: simdnorm.torch.convert_sync_batchnorm replaces it on CPUs"
    if isinstance(module, LazyModuleMixin):
        return f"{kind.__name__} has not seen its input yet: patch after the first" if _is_norm(module) else None
    return f"{kind.__name__} is not known: register it" if _is_norm(module) else None
