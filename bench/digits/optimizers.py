"""Two ways down the gradient; a step of `share` times the full rate changes the parameters in place."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Parameters = dict[str, NDArray[np.floating[Any]]]


class SGD:
    """With momentum."""

    def __init__(self, rate: float = 0.05, momentum: float = 0.9) -> None:
        self.rate, self.momentum = rate, momentum
        self._velocity: Parameters = {}

    def step(self, parameters: Parameters, gradients: Parameters, share: float) -> None:
        for name, gradient in gradients.items():
            velocity = self._velocity.setdefault(name, np.zeros_like(gradient))
            velocity *= self.momentum
            velocity -= share * self.rate * gradient
            parameters[name] += velocity


class Adam:
    def __init__(self, rate: float = 1e-2, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self.rate, self.beta1, self.beta2, self.eps = rate, beta1, beta2, eps
        self._first: Parameters = {}
        self._second: Parameters = {}
        self._steps = 0

    def step(self, parameters: Parameters, gradients: Parameters, share: float) -> None:
        self._steps += 1
        # The averages start at 0; this takes that out of them again.
        first_share, second_share = 1 - self.beta1**self._steps, 1 - self.beta2**self._steps
        for name, gradient in gradients.items():
            first = self._first.setdefault(name, np.zeros_like(gradient))
            second = self._second.setdefault(name, np.zeros_like(gradient))
            first += (1 - self.beta1) * (gradient - first)
            second += (1 - self.beta2) * (gradient * gradient - second)
            parameters[name] -= share * self.rate * (first / first_share) / (np.sqrt(second / second_share) + self.eps)


OPTIMIZERS: dict[str, Callable[[], SGD | Adam]] = {"adam": Adam, "sgd": SGD}
