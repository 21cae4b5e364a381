"""A perceptron in plain NumPy: affine, norm and ReLU for each hidden layer; affine and softmax cross-entropy behind."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .norms import Norm, make_norm

Array = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
Parameters = dict[str, Array]


class Network:
    """Six affine layers have five norms between them.

    `sizes` are those of the input, of each hidden layer, and of the scores; `scale` is the standard deviation of the
    affine weights at the start; `kind` names the norm. The parameters of layer i are `weight{i}` and `bias{i}`, and
    `gamma{i}` and `beta{i}` those of the norm behind it.
    """

    def __init__(self, sizes: Sequence[int], kind: str, scale: float, seed: int, dtype: DTypeLike) -> None:
        rng = np.random.default_rng(seed)
        self.layers = len(sizes) - 1
        self.norms: list[Norm] = [make_norm(kind) for _ in range(self.layers - 1)]
        self.parameters: Parameters = {}
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            self.parameters[f"weight{i}"] = (scale * rng.standard_normal((inputs, outputs))).astype(dtype)
            self.parameters[f"bias{i}"] = np.zeros(outputs, dtype)
            if i < len(self.norms) and self.norms[i].affine:
                self.parameters[f"gamma{i}"] = np.ones(outputs, dtype)
                self.parameters[f"beta{i}"] = np.zeros(outputs, dtype)

    def scores(self, x: Array) -> Array:
        """Return the scores (N, classes) as the trained network gives them."""
        return self._forward(x, training=False)[0]

    def loss(self, x: Array, labels: Labels) -> tuple[float, Parameters]:
        """Return the training loss of a batch, and its gradient in every parameter."""
        scores, caches = self._forward(x, training=True)
        loss, dscores = softmax_cross_entropy(scores, labels)
        return loss, self._backward(dscores, caches)

    def _forward(self, x: Array, training: bool) -> tuple[Array, list[tuple[Any, ...]]]:
        p = self.parameters
        caches: list[tuple[Any, ...]] = []
        for i, norm in enumerate(self.norms):
            z: Array = x @ p[f"weight{i}"] + p[f"bias{i}"]
            z, cache = norm.forward(z, p.get(f"gamma{i}"), p.get(f"beta{i}"), training)
            caches.append((x, cache, z > 0))
            x = np.maximum(z, z.dtype.type(0))
        last = self.layers - 1
        caches.append((x,))
        return x @ p[f"weight{last}"] + p[f"bias{last}"], caches

    def _backward(self, dz: Array, caches: list[tuple[Any, ...]]) -> Parameters:
        gradients: Parameters = {}
        for i in reversed(range(self.layers)):
            x, *behind = caches[i]
            if behind:
                cache, positive = behind
                dz, dgamma, dbeta = self.norms[i].backward(dz * positive, cache)
                if dgamma is not None and dbeta is not None:
                    gradients[f"gamma{i}"], gradients[f"beta{i}"] = dgamma, dbeta
            gradients[f"weight{i}"] = x.T @ dz
            gradients[f"bias{i}"] = dz.sum(axis=0)
            dz = dz @ self.parameters[f"weight{i}"].T
        return gradients


def softmax_cross_entropy(scores: Array, labels: Labels) -> tuple[float, Array]:
    """Return the mean loss, and its gradient in the scores."""
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)  # the largest exponential is 1: none overflows
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probabilities = shifted - log_sum
    dscores = np.exp(log_probabilities)
    dscores[rows, labels] -= 1
    return -float(log_probabilities[rows, labels].mean()), dscores / scores.dtype.type(len(labels))
