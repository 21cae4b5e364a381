"""Networks in four variants, with random weights: their steps of training and of inference."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import torch
from networks import Network
from torch import Tensor, nn

import simdnorm.torch as snt

SEED = 0
RATE = 1e-4
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
WAYS = ("training", "inference")


@dataclass(frozen=True)
class Variant:
    name: str
    patched: bool = False
    compiled: bool = False


PYTORCH = Variant("PyTorch")
COMPILED = Variant("compiled", compiled=True)
PATCHED = Variant("patched", patched=True)
BOTH = Variant("patched and compiled", patched=True, compiled=True)
VARIANTS = (PYTORCH, COMPILED, PATCHED, BOTH)


class Run:
    """A network on its way through training; runs that are made alike see the same batches.

    One that is made `like` another has that one's very parameters and optimizer. So they are at the same place in
    memory, of which the same computation may take a tenth more or less.
    """

    def __init__(self, network: Network, dtype: str, variant: Variant, like: Self | None = None) -> None:
        torch.manual_seed(SEED)
        self._dtype = DTYPES[dtype]
        self.model: nn.Module = network.build().to(self._dtype)
        self.norms = list(snt.patch(self.model, dry_run=not variant.patched).swapped)
        if like is not None:
            _share(self.model, like.model)
        self._called = torch.compile(self.model) if variant.compiled else self.model
        self._loss, self._batches = network.loss, _batches(network)
        self._optimizer = like._optimizer if like else torch.optim.AdamW(self.model.parameters(), RATE, fused=True)
        self._kept = self._next()

    def hollow(self) -> Self:
        """Take the norms out: what stands in their places does nothing."""
        for name in self.norms:
            self.model.set_submodule(name, nn.Identity())
        return self

    def losses(self, steps: int) -> list[float]:
        """Train on so many batches, each another."""
        self.model.train()
        return [self._step(*self._next()) for _ in range(steps)]

    def call(self, way: str) -> Callable[[], object]:
        """Return what is timed: training or inference on one and the same batch."""
        self.model.train(way == "training")
        return self._infer if way == "inference" else lambda: self._step(*self._kept)

    def _infer(self) -> None:
        with torch.inference_mode():
            self._called(self._kept[0])

    def _step(self, x: Tensor, target: Tensor) -> float:
        self._optimizer.zero_grad()
        loss = self._loss(self._called(x).float(), target)
        loss.backward()
        self._optimizer.step()
        return loss.item()

    def _next(self) -> tuple[Tensor, Tensor]:
        x, target = next(self._batches)
        return (x.to(self._dtype) if x.is_floating_point() else x), target


def _share(model: nn.Module, owner: nn.Module) -> None:
    owners = dict(owner.named_modules())
    for name, module in model.named_modules():
        module._parameters.update(owners[name]._parameters)
        module._buffers.update(owners[name]._buffers)


def _batches(network: Network) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(SEED)
    while True:
        yield network.batch(generator)
