"""Whole networks with random weights, to measure what norms cost in them.

Dropout is left out: it would draw other numbers in a compiled network, and losses could not be compared.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

MODULES = ("llama", "bert", "resnet", "unet")


@dataclass(frozen=True)
class Network:
    """A kind of network, and the data that it is trained on."""

    name: str
    build: Callable[[], nn.Module]
    batch: Callable[[torch.Generator], tuple[Tensor, Tensor]]
    """An input and its target; a floating input is made in float32."""
    loss: Callable[[Tensor, Tensor], Tensor]
    """Of the output in float32 or wider, and the target."""


def networks() -> list[Network]:
    """Return all of them; transformers has to be installed."""
    return [network for name in MODULES for network in importlib.import_module(f".{name}", __name__).NETWORKS]


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over all positions; classes stand last."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), target.flatten())
