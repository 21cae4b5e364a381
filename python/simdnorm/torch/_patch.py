"""Swap a model's norms for simdnorm's, in place, and back.

A swapped module stays the object that it was: only its class changes, to a subclass that computes the same otherwise.
So its parameters, buffers, hooks and names are untouched, whatever holds a reference to it goes on working, and nothing
can be missing because some `__init__` did not run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from . import modules

Forward = Callable[[Any, Tensor], Tensor]

_OURS: dict[type[nn.Module], type[nn.Module]] = {getattr(nn, name): getattr(modules, name) for name in modules.__all__}
_FORWARDS: dict[str, Forward] = {}
"""By the full name of a class, so that nothing is imported that the model does not use."""


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
    _FORWARDS[kind if isinstance(kind, str) else _full_name(kind)] = forward


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
    return _swapped.get(type(module), type(module))


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
        elif _is_known(kind):
            report.swapped[name] = _full_name(kind)
            if not dry_run:
                module.__class__ = _ours_for(kind)
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
        kind = original(module)
        if kind is not type(module):
            module.__class__ = kind
            report.swapped[name] = _full_name(kind)
    return report


_swapped: dict[type[nn.Module], type[nn.Module]] = {}
"""The classes that swapped modules have, and those that they had."""
_ours: dict[type[nn.Module], type[nn.Module]] = {}


def _ours_for(kind: type[nn.Module]) -> type[nn.Module]:
    """Make the class of swapped modules of a `kind`: once, so that it can be told from all others."""
    if kind not in _ours:
        base = _OURS.get(kind, kind)
        members: dict[str, Any] = {"__reduce_ex__": _reduce, "__module__": __package__}
        if kind not in _OURS:
            members["forward"] = _registered(_full_name(kind))
        made = type(kind.__name__, (base,), members)
        _ours[kind], _swapped[made] = made, kind
    return _ours[kind]


def _registered(name: str) -> Forward:
    """Compute as was registered last, for modules that have been swapped already too."""
    return lambda module, x: _FORWARDS[name](module, x)


def _reduce(module: nn.Module, protocol: Any) -> tuple[Any, ...]:
    """Pickle by the class that the module had: the one that it has was made here, and has no name to import."""
    return _rebuilt, (_swapped[type(module)],), module.__dict__


def _rebuilt(kind: type[nn.Module]) -> nn.Module:
    ours = _ours_for(kind)
    return ours.__new__(ours)


def _is_known(kind: type[nn.Module]) -> bool:
    return kind in _OURS or _full_name(kind) in _FORWARDS


def _why_not(module: nn.Module) -> str | None:
    """Say why a norm is left alone; None for what will be swapped, and for what is no norm."""
    kind = type(module)
    if _is_known(kind):
        return "it has a forward of its own" if "forward" in vars(module) else None
    if kind in _swapped or kind in _OURS.values():
        return f"{kind.__name__} is simdnorm's already"
    known = next((base for base in kind.__mro__[1:] if _is_known(base)), None)
    if known is not None:
        return f"{kind.__name__} is a subclass of {known.__name__}, and may compute otherwise: register it"
    return f"{kind.__name__} is not known: register it" if kind.__name__.endswith("Norm") else None


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
