"""The classes of swapped modules: each a subclass of the one that it stands for, made once."""

import pickle
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from torch import Tensor, nn

from . import modules

Forward = Callable[..., Tensor]

OURS: dict[type[nn.Module], type[nn.Module]] = {getattr(nn, name): getattr(modules, name) for name in modules.__all__}
FORWARDS: dict[str, Forward] = {}
"""By the full name of a class, so that nothing is imported that the model does not use."""

own_forwards: dict[type[nn.Module], Any] = {kind: kind.forward for kind in OURS}
"""What the known classes computed by when they were made known."""

_swapped: dict[type[nn.Module], type[nn.Module]] = {}
"""The classes that swapped modules have, and those that they had."""
_ours: dict[type[nn.Module], type[nn.Module]] = {}


def is_known(kind: type) -> bool:
    return kind in OURS or full_name(kind) in FORWARDS


def is_swapped(kind: type) -> bool:
    return kind in _swapped


def before(kind: type[nn.Module]) -> type[nn.Module]:
    """Return the class that was swapped for `kind`, or for one that `kind` was made from since; `kind` if none was."""
    return next((_swapped[base] for base in kind.__mro__ if base in _swapped), kind)


def ours_for(kind: type[nn.Module]) -> type[nn.Module]:
    """Make the class of swapped modules of a `kind`: once, so that it can be told from all others."""
    if kind not in _ours:
        base = OURS.get(kind, kind)
        members: dict[str, Any] = {"__reduce_ex__": _reduce, "__module__": __package__}
        if kind not in OURS:
            members["forward"] = _registered(kind)
        made = type(kind.__name__, (base,), members)
        _ours[kind], _swapped[made] = made, kind
    return _ours[kind]


def _registered(kind: type[nn.Module]) -> Forward:
    """Compute as was registered last, for modules that have been swapped already too; called as the class's own."""
    name = full_name(kind)
    _, x, *_ = [*signature(kind.forward).parameters, "x"]

    @wraps(kind.forward)
    def forward(module: nn.Module, *args: Any, **named: Any) -> Tensor:
        if not args and x in named:
            args = (named.pop(x),)
        return FORWARDS[name](module, *args, **named)

    return forward


def is_replaced(kind: type[nn.Module]) -> bool:
    """Whether somebody has given a class another forward than it was defined with."""
    if kind in own_forwards:
        return kind.forward is not own_forwards[kind]
    owner = next(base for base in kind.__mro__ if "forward" in vars(base))
    return getattr(vars(owner)["forward"], "__qualname__", "") != f"{owner.__qualname__}.forward"


def _reduce(module: nn.Module, protocol: Any) -> Any:
    """Pickle by the class that the module had: the one that it has was made here, and has no name to import."""
    if type(module) not in _swapped:  # but in a class that was made from it since, which has its own way, or none
        return object.__reduce_ex__(module, protocol)
    return _rebuilt, (_swapped[type(module)],), module.__getstate__()  # type: ignore[no-untyped-call]


def _rebuilt(kind: type[nn.Module]) -> nn.Module:
    if not is_known(kind):
        raise pickle.UnpicklingError(
            f"{full_name(kind)} was registered where this was pickled: register it here, and then unpickle"
        )
    ours = ours_for(kind)
    return ours.__new__(ours)


def full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
